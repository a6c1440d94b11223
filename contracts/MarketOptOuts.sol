// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

import {IDataMarket} from "./interfaces/IDataMarket.sol";
import {CompactSignature} from "./libraries/CompactSignature.sol";
import {PackedLanes} from "./libraries/PackedLanes.sol";
import {MarketSales} from "./MarketSales.sol";

/// @title Opt-outs of a market: directly, relayed, by the batch
/// @notice Each gets the next ordinal of its sale and is final; approval says up to which ordinal they count.
abstract contract MarketOptOuts is MarketSales {
    using PackedLanes for mapping(uint256 => uint256);

    bytes32 private constant OPT_OUT_TYPE = keccak256("OptOut(bytes32 target,uint64 expiry)");

    /// @dev Of an opt-out in `OptOutsCounted`.
    uint256 private constant OPT_OUT_BYTES = 24;
    /// @dev Stands for the number of who never joined; its lanes are always empty.
    uint256 private constant NO_NUMBER = type(uint32).max;

    mapping(bytes32 target => mapping(uint256 word => uint256 lanes)) internal _optOuts;

    /// @inheritdoc IDataMarket
    function optOut(bytes32 target) external {
        _optOut(msg.sender, target);
    }

    /// @inheritdoc IDataMarket
    function optOutFor(address member, bytes32 target, uint64 expiry, bytes calldata signature) external {
        if (block.timestamp > expiry) revert OptOutExpired(expiry, block.timestamp);
        bytes32 digest = _hashTypedDataV4(_optOutHash(target, expiry));
        (bool ok, address signer) = CompactSignature.isBy(digest, signature, member);
        if (!ok) revert OptOutSignatureInvalid(member, signer);
        _optOut(member, target);
    }

    function _optOut(address member, bytes32 saleId) private {
        Terms memory terms = _requireState(saleId, SaleState.Offered);
        uint32 number = membership.numberOf(member);
        uint256 poolId = registry.poolIdOf(terms.poolIndex);
        if (token.weightOf(number, poolId) == 0) revert NotAContributor(poolId, member);
        uint32 ordinal = terms.optOuts + 1;
        if (_optOuts[saleId].set(number, ordinal) != 0) revert AlreadyOptedOut(saleId, number);
        _terms[saleId].optOuts = ordinal;
        emit OptedOut(saleId, member, number, ordinal);
        membership.markExcluded(member);
    }

    /// @inheritdoc IDataMarket
    /// @dev One call to the membership and to the token for all; words of ordinals are kept in memory while members are
    /// neighbours. Members are marked before the token says who contributed: one reading of their slots less.
    function optOutBatch(bytes32 target, SignedOptOut[] calldata optOuts) external returns (uint256 counted) {
        Terms memory terms = _requireState(target, SaleState.Offered);
        address[] memory signers = _optOutSigners(target, optOuts);
        uint256[] memory numbers = membership.markAllExcluded(signers);
        uint256[] memory weights = token.weightsOf(registry.poolIdOf(terms.poolIndex), numbers);
        mapping(uint256 => uint256) storage words = _optOuts[target];
        bytes memory added = new bytes(optOuts.length * OPT_OUT_BYTES + 32); // opt-outs are written as whole words
        uint256 word = type(uint256).max;
        uint256 lanes;
        unchecked {
            // At most one ordinal for each member number, so uint32 holds them.
            for (uint256 i = 0; i < optOuts.length; ++i) {
                uint256 number = numbers[i];
                OptOutSkipReason reason = OptOutSkipReason.NotAContributor;
                if (weights[i] != 0) {
                    if (number >> 3 != word) {
                        if (word != type(uint256).max) words[word] = lanes;
                        word = number >> 3;
                        lanes = words[word];
                    }
                    if (PackedLanes.laneOf(lanes, number) == 0) {
                        _addOptOut(added, counted, signers[i], number);
                        lanes = PackedLanes.withLane(lanes, number, uint32(terms.optOuts + ++counted));
                        continue;
                    }
                    reason = OptOutSkipReason.Repeated;
                } else if (number == NO_NUMBER) {
                    bool expired = block.timestamp > optOuts[i].expiry;
                    reason = expired ? OptOutSkipReason.Expired : OptOutSkipReason.SignerNotAMember;
                }
                emit OptOutSkipped(target, i, signers[i], reason);
            }
            if (counted == 0) return 0;
            words[word] = lanes;
            _terms[target].optOuts = terms.optOuts + uint32(counted);
        }
        assembly ("memory-safe") {
            mstore(added, mul(counted, OPT_OUT_BYTES)) // without the room of those that were skipped
        }
        emit OptOutsCounted(target, terms.optOuts + 1, added);
    }

    /// @dev Writes an opt-out, and zeros beyond, as number `position` of the list.
    function _addOptOut(bytes memory added, uint256 position, address member, uint256 leaf) private pure {
        assembly ("memory-safe") {
            mstore(add(add(added, 0x20), mul(position, OPT_OUT_BYTES)), or(shl(96, member), shl(64, leaf)))
        }
    }

    /// @dev Zero for what has expired, and for what nobody signed.
    function _optOutSigners(bytes32 target, SignedOptOut[] calldata optOuts)
        private
        view
        returns (address[] memory signers)
    {
        signers = new address[](optOuts.length);
        bytes32 separator = _domainSeparatorV4();
        unchecked {
            for (uint256 i = 0; i < optOuts.length; ++i) {
                SignedOptOut calldata signed = optOuts[i];
                uint64 expiry = signed.expiry;
                if (block.timestamp > expiry) continue;
                bytes32 digest = MessageHashUtils.toTypedDataHash(separator, _optOutHash(target, expiry));
                signers[i] = CompactSignature.recover(digest, signed.r, signed.vs);
            }
        }
    }

    /// @dev keccak256(abi.encode(OPT_OUT_TYPE, target, expiry)), without keeping the memory.
    function _optOutHash(bytes32 target, uint64 expiry) private pure returns (bytes32 hash) {
        bytes32 typeHash = OPT_OUT_TYPE;
        assembly ("memory-safe") {
            let m := mload(0x40)
            mstore(m, typeHash)
            mstore(add(m, 0x20), target)
            mstore(add(m, 0x40), expiry)
            hash := keccak256(m, 0x60)
        }
    }

    /// @inheritdoc IDataMarket
    function optOutOrdinal(bytes32 target, uint32 number) external view returns (uint32) {
        return _optOuts[target].get(number);
    }
}
