// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IContributionRegistry} from "../interfaces/IContributionRegistry.sol";
import {IContributionToken} from "../interfaces/IContributionToken.sol";
import {IMembershipToken} from "../interfaces/IMembershipToken.sol";
import {PackedLanes} from "../libraries/PackedLanes.sol";

/// @title As much of a registry as the market reads, with pools of any size, sealed when a test says
/// @dev Drives the real tokens; answers as ContributionRegistry does.
contract SealedPools {
    using PackedLanes for mapping(uint256 => uint256);

    IContributionToken public token;
    IMembershipToken public membership;
    mapping(uint256 poolId => IContributionRegistry.Pool) private _pools;
    mapping(uint256 index => uint256) private _poolIds;
    mapping(bytes32 scopeId => mapping(bytes32 purpose => bool)) public isPurposeAllowed;
    mapping(uint256 poolId => uint256) private _withdrawals;
    mapping(uint256 poolId => mapping(uint256 word => uint256)) private _ordinals;
    uint32 public poolsEver;

    function setTokens(IContributionToken token_, IMembershipToken membership_) external {
        token = token_;
        membership = membership_;
    }

    function allow(bytes32 scopeId, bytes32 purpose) external {
        isPurposeAllowed[scopeId][purpose] = true;
    }

    function open(bytes32 scopeId, uint64 epoch, uint32 generation, uint8 height) external {
        IContributionRegistry.Pool storage p = _pools[poolId(scopeId, epoch)];
        p.index = ++poolsEver;
        p.generation = generation;
        p.height = height;
        p.openedAt = uint40(block.timestamp);
        _poolIds[poolsEver] = poolId(scopeId, epoch);
    }

    function contribute(uint256 id, address member, uint32 weight) external {
        token.setWeight(member, membership.numberOf(member), id, weight);
        membership.contributionAdded(member);
    }

    /// @notice Weight without a member behind it, for large pools.
    function fill(uint256 id, uint32[] calldata numbers, uint32 weight) external {
        for (uint256 i = 0; i < numbers.length; ++i) {
            token.setWeight(address(this), numbers[i], id, weight);
        }
    }

    function seal(uint256 id, uint32 members) external {
        _pools[id].members = members;
        _pools[id].isSealed = true;
    }

    function withdraw(uint256 id, address member) external {
        withdrawNumber(id, membership.numberOf(member));
        membership.markExcluded(member);
    }

    function withdrawNumber(uint256 id, uint32 number) public {
        require(_ordinals[id].get(number) == 0, "already withdrawn");
        _ordinals[id].set(number, uint32(++_withdrawals[id]));
    }

    function poolId(bytes32 scopeId, uint64 epoch) public pure returns (uint256) {
        return uint256(keccak256(abi.encode(scopeId, epoch)));
    }

    function pool(uint256 id) external view returns (IContributionRegistry.Pool memory) {
        return _pools[id];
    }

    function poolIdOf(uint32 index) external view returns (uint256) {
        return _poolIds[index];
    }

    function withdrawals(uint256 id) external view returns (uint32) {
        return uint32(_withdrawals[id]);
    }

    function withdrawalOrdinal(uint256 id, uint32 number) external view returns (uint32) {
        return _ordinals[id].get(number);
    }
}
