// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title The unique cover of a tree with excluded leaves
/// @notice Node (h, i) of the height-H tree covers leaves [i·2^h, (i+1)·2^h), h ≤ H, i < 2^(H−h). The cover of [0, n) is the
/// set of maximal nodes that contain no excluded leaf and start below n; nobody excluded: the root alone. It is unique, in
/// order of leaves, and its nodes are accepted only in that order, at a cursor. A cover that were not unique could be shifted
/// by one small node, so that honest shares no longer fit.
///
/// Excluded leaves are a packed list: 4 bytes each, big-endian, strictly ascending, as it stands in a code blob.
library Cover {
    /// @dev keccak256("unwrapped-dao/node/v1")
    bytes32 internal constant NODE_TAG = 0x997c1f1520e2f03f159bbb5371e29bffe0bae816762fe1bb77d39a6a5f1ad6b2;
    uint8 internal constant SUITE = 1;

    error NodeOutOfRange(uint8 height, uint64 index);
    error NodeNotAtCursor(uint256 start, uint256 cursor);
    error NodeContainsExcluded(uint8 height, uint64 index);
    error NodeNotMaximal(uint8 height, uint64 index);

    /// @notice What a node key is bound to (PROTOCOL 5).
    function nodeId(address registry, bytes32 scopeId, uint64 epoch, uint8 height, uint64 index)
        internal
        view
        returns (bytes32)
    {
        return keccak256(abi.encode(NODE_TAG, SUITE, block.chainid, registry, scopeId, epoch, height, index));
    }

    /// @notice First leaf and end (exclusive) of a node; reverts unless it lies in the height-H tree, H ≤ 32.
    function range(uint8 height, uint64 index, uint8 treeHeight) internal pure returns (uint256 start, uint256 end) {
        // In this order: the shift is only meaningful once height ≤ treeHeight is known.
        if (height > treeHeight || uint256(index) >> (treeHeight - height) != 0) revert NodeOutOfRange(height, index);
        start = uint256(index) << height;
        end = start + (uint256(1) << height);
    }

    /// @notice Accept the cover's node at `cursor`, a leaf below n that is not excluded; returns the next such leaf, or n at the end.
    function accept(
        uint8 height,
        uint64 index,
        uint8 treeHeight,
        uint256 n,
        uint256 cursor,
        bytes memory excluded
    ) internal pure returns (uint256 next) {
        (uint256 start, uint256 end) = range(height, index, treeHeight);
        if (start != cursor || start >= n) revert NodeNotAtCursor(start, cursor);
        uint256 at = lowerBound(excluded, start);
        if (at < excluded.length >> 2 && leafAt(excluded, at) < end) revert NodeContainsExcluded(height, index);
        if (height != treeHeight && !_siblingHolds(excluded, at, start, end, index)) revert NodeNotMaximal(height, index);
        return skipExcluded(excluded, at, end, n);
    }

    /// @notice The first leaf ≥ cursor that is not excluded, at most n. `at` is any index whose predecessors are all < cursor.
    function skipExcluded(bytes memory excluded, uint256 at, uint256 cursor, uint256 n) internal pure returns (uint256) {
        uint256 count = excluded.length >> 2;
        while (at < count && leafAt(excluded, at) == cursor) {
            ++at;
            ++cursor;
        }
        return cursor < n ? cursor : n;
    }

    /// @notice Index of the first listed leaf ≥ leaf; the length of the list if there is none.
    function lowerBound(bytes memory excluded, uint256 leaf) internal pure returns (uint256 low) {
        uint256 high = excluded.length >> 2;
        while (low < high) {
            uint256 middle = (low + high) >> 1;
            if (leafAt(excluded, middle) < leaf) low = middle + 1;
            else high = middle;
        }
    }

    function contains(bytes memory excluded, uint256 leaf) internal pure returns (bool) {
        uint256 at = lowerBound(excluded, leaf);
        return at < excluded.length >> 2 && leafAt(excluded, at) == leaf;
    }

    /// @dev Not checked: at < number of leaves.
    function leafAt(bytes memory excluded, uint256 at) internal pure returns (uint256 leaf) {
        assembly ("memory-safe") {
            leaf := shr(224, mload(add(add(excluded, 0x20), shl(2, at))))
        }
    }

    /// @dev Not checked: at < number of leaves.
    function setLeaf(bytes memory excluded, uint256 at, uint32 leaf) internal pure {
        assembly ("memory-safe") {
            let place := add(add(excluded, 0x20), shl(2, at))
            mstore(place, or(shl(224, leaf), shr(32, shl(32, mload(place)))))
        }
    }

    /// @dev Whether the node's sibling holds an excluded leaf; as the node itself holds none, that is whether its parent does.
    /// `at` is the lower bound of `start`, and no listed leaf lies in [start, end).
    function _siblingHolds(bytes memory excluded, uint256 at, uint256 start, uint256 end, uint64 index)
        private
        pure
        returns (bool)
    {
        if (index & 1 == 0) return at < excluded.length >> 2 && leafAt(excluded, at) < end + (end - start);
        return at > 0 && leafAt(excluded, at - 1) + (end - start) >= start;
    }
}
