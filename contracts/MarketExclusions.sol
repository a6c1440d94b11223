// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IDataMarket} from "./interfaces/IDataMarket.sol";
import {CodeBlob} from "./libraries/CodeBlob.sol";
import {Cover} from "./libraries/Cover.sol";
import {PackedLanes} from "./libraries/PackedLanes.sol";
import {MarketOptOuts} from "./MarketOptOuts.sol";

/// @title Who is not part of one sale: the list that decides keys and money
/// @notice A list completes when it accounts for both counters that approval stored; who sends it changes nothing in it.
/// @dev Excluded leaves are kept as a code blob (CodeBlob, Cover), the `list`-th this contract created; a caller's staged
/// leaves likewise, so that the blob of the completing call is the list.
abstract contract MarketExclusions is MarketOptOuts {
    using PackedLanes for mapping(uint256 => uint256);

    /// @dev One slot per (sale, caller).
    /// @param list Number of the blob that holds the caller's leaves so far.
    struct Staged {
        uint32 list;
        uint16 withdrawals;
        uint16 optOuts;
        uint64 weight;
    }

    mapping(bytes32 saleId => mapping(address caller => Staged)) private _staged;

    /// @inheritdoc IDataMarket
    function fixExcluded(Offer calldata o, uint32[] calldata leaves) external {
        bytes32 saleId = _saleIdOf(o);
        Terms memory terms = _requireState(saleId, SaleState.Approved);
        Progress memory progress = _progress[saleId];
        if (progress.eligibleWeight != 0) revert ExclusionsAlreadyFixed(saleId);
        if (leaves.length == 0) {
            delete _staged[saleId][msg.sender];
            emit ExclusionsStaged(saleId, msg.sender, 0);
            return;
        }
        uint256 poolId = _poolIdOf(o);
        Staged memory staged = _staged[saleId][msg.sender];
        bytes memory list = _append(saleId, poolId, terms, progress, staged, leaves);
        if (staged.withdrawals == progress.withdrawals && staged.optOuts == terms.optOuts) {
            _fix(o, saleId, terms, progress, token.totalSupply(poolId) - staged.weight, list);
        } else {
            staged.list = _keep(list);
            _staged[saleId][msg.sender] = staged;
            emit ExclusionsStaged(saleId, msg.sender, list.length >> 2);
        }
    }

    /// @dev The caller's leaves so far and the new ones; each is counted in `staged`.
    function _append(
        bytes32 saleId,
        uint256 poolId,
        Terms memory terms,
        Progress memory progress,
        Staged memory staged,
        uint32[] calldata leaves
    ) private view returns (bytes memory list) {
        bytes memory before = staged.list == 0 ? bytes("") : _listAt(staged.list);
        list = bytes.concat(before, new bytes(leaves.length << 2));
        uint256 count = before.length >> 2;
        for (uint256 i = 0; i < leaves.length; ++i) {
            uint32 leaf = leaves[i];
            if (count != 0) {
                uint256 last = Cover.leafAt(list, count - 1);
                if (leaf <= last) revert LeavesUnordered(uint32(last), leaf);
            }
            (bool withdrew, bool optedOut) = _exclusions(saleId, poolId, terms, progress, leaf);
            if (!withdrew && !optedOut) revert LeafNotExcluded(saleId, leaf);
            if (withdrew) ++staged.withdrawals;
            if (optedOut) ++staged.optOuts;
            staged.weight += token.weightOf(leaf, poolId);
            Cover.setLeaf(list, count++, leaf);
        }
    }

    /// @dev Whether a leaf withdrew, and whether it opted out, by the stored counters. A counter of zero asks nobody.
    function _exclusions(
        bytes32 saleId,
        uint256 poolId,
        Terms memory terms,
        Progress memory progress,
        uint32 leaf
    ) private view returns (bool withdrew, bool optedOut) {
        if (progress.withdrawals != 0) {
            uint32 ordinal = registry.withdrawalOrdinal(poolId, leaf);
            withdrew = ordinal != 0 && ordinal <= progress.withdrawals;
        }
        if (terms.optOuts != 0) {
            uint32 ordinal = _optOuts[saleId].get(leaf);
            optedOut = ordinal != 0 && ordinal <= terms.optOuts;
        }
    }

    /// @dev The list is complete: it decides keys and money from here on, or ends the sale.
    function _fix(
        Offer calldata o,
        bytes32 saleId,
        Terms memory terms,
        Progress memory progress,
        uint256 eligibleWeight,
        bytes memory list
    ) private {
        emit ExclusionsFixed(saleId, _leavesOf(list), eligibleWeight);
        if (eligibleWeight < _neededWeight(terms)) return _refund(o, saleId);
        progress.eligibleWeight = uint64(eligibleWeight);
        progress.cursor = uint32(Cover.firstLeaf(list, progress.members));
        progress.list = _keep(list);
        _progress[saleId] = progress;
    }

    /// @dev Keeps a list as a blob; returns its number. Creating it runs no code but its own ten bytes.
    function _keep(bytes memory list) private returns (uint32 number) {
        number = ++_windows.lists;
        address blob = CodeBlob.write(list);
        assert(blob == CodeBlob.addressOf(address(this), number));
    }

    function _leavesOf(bytes memory list) private pure returns (uint32[] memory leaves) {
        leaves = new uint32[](list.length >> 2);
        for (uint256 i = 0; i < leaves.length; ++i) {
            leaves[i] = uint32(Cover.leafAt(list, i));
        }
    }

    // ------------------------------------------------------------------ reading

    /// @inheritdoc IDataMarket
    /// @dev By the list once it is fixed, so that claims read the one list that decided the keys.
    function isExcluded(bytes32 saleId, uint32 number) external view returns (bool) {
        Progress memory progress = _progress[saleId];
        if (progress.list != 0) return Cover.contains(_listAt(progress.list), number);
        Terms memory terms = _terms[saleId];
        if (progress.approvedAt == 0) revert SaleStateWrong(saleId, terms.state, SaleState.Approved);
        if (progress.eligibleWeight != 0) return false;
        (bool withdrew, bool optedOut) =
            _exclusions(saleId, registry.poolIdOf(terms.poolIndex), terms, progress, number);
        return withdrew || optedOut;
    }

    /// @inheritdoc IDataMarket
    function isListed(uint32 list, uint32 number) external view returns (bool) {
        return Cover.contains(_listAt(list), number);
    }

    /// @inheritdoc IDataMarket
    function excludedLeaves(bytes32 saleId) external view returns (uint32[] memory) {
        uint32 number = _progress[saleId].list;
        return number == 0 ? new uint32[](0) : _leavesOf(_listAt(number));
    }
}
