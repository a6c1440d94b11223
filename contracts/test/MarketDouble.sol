// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {MembershipDouble} from "./MembershipDouble.sol";
import {IRevenueSplitter} from "../interfaces/IRevenueSplitter.sol";

/// @title A market that does to the splitter whatever a test says, and excludes whom a test says
contract MarketDouble {
    mapping(uint32 list => mapping(uint32 number => bool)) public isListed;
    bytes32[] private _approved;
    IRevenueSplitter public splitter;

    function setSplitter(IRevenueSplitter splitter_) external {
        splitter = splitter_;
    }

    function exclude(uint32 list, uint32 number) external {
        isListed[list][number] = true;
    }

    function escrow(bytes32 saleId, address currency, address payer, uint96 amount) external payable {
        splitter.escrow{value: msg.value}(saleId, currency, payer, amount);
    }

    function settle(
        bytes32 saleId,
        uint256 poolId,
        address currency,
        uint64 eligibleWeight,
        uint32 generation,
        uint16 treasuryBps,
        uint16 operatorsBps,
        uint32 list
    ) external {
        splitter.settle(saleId, poolId, currency, eligibleWeight, generation, treasuryBps, operatorsBps, list);
    }

    /// @dev A whole sale within one call: a member opts out, and the sale that excludes it is settled.
    function optOutAndSettle(MembershipDouble membership, address member, bytes32 saleId, uint256 poolId, address currency) external {
        uint32 list = type(uint32).max;
        membership.markExcluded(member);
        isListed[list][membership.numberOf(member)] = true;
        splitter.settle(saleId, poolId, currency, 1, 1, 0, 0, list);
    }

    function refund(bytes32 saleId, address currency, address buyer) external {
        splitter.refund(saleId, currency, buyer);
    }

    function approve(bytes32[] calldata saleIds) external {
        for (uint256 i = 0; i < saleIds.length; ++i) {
            _approved.push(saleIds[i]);
        }
    }

    function approved() external view returns (bytes32[] memory) {
        return _approved;
    }
}
