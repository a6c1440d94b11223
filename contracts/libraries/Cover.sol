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

    /// @dev Beyond every leaf: no node ends after 2^32, no sibling after 2^33.
    uint256 private constant NONE = 1 << 34;

    /// @notice A walk along the cover.
    /// @param cursor First leaf not yet covered. @param at Index of the first listed leaf ≥ cursor.
    /// @param pastLast One past the last listed leaf below the cursor; 0 if there is none.
    /// @param next The first listed leaf ≥ cursor, or NONE.
    struct Walk {
        bytes excluded;
        uint8 treeHeight;
        uint256 n;
        uint256 cursor;
        uint256 at;
        uint256 pastLast;
        uint256 next;
    }

    error NodeOutOfRange(uint8 height, uint64 index);
    error NodeNotAtCursor(uint256 start, uint256 cursor);
    error NodeContainsExcluded(uint8 height, uint64 index);
    error NodeNotMaximal(uint8 height, uint64 index);

    /// @notice What the keys of one pool's nodes are bound to (PROTOCOL 5), with the last two words open.
    function nodePreimage(address registry, bytes32 scopeId, uint64 epoch) internal view returns (bytes memory) {
        return abi.encode(NODE_TAG, SUITE, block.chainid, registry, scopeId, epoch, uint256(0), uint256(0));
    }

    /// @notice The id of a node; writes height and index into the preimage.
    function nodeId(bytes memory preimage, uint8 height, uint64 index) internal pure returns (bytes32 id) {
        assembly ("memory-safe") {
            mstore(add(preimage, 0xe0), height)
            mstore(add(preimage, 0x100), index)
            id := keccak256(add(preimage, 0x20), 0x100)
        }
    }

    /// @notice First leaf and end (exclusive) of a node; reverts unless it lies in the height-H tree, H ≤ 32.
    function range(uint8 height, uint64 index, uint8 treeHeight) internal pure returns (uint256 start, uint256 end) {
        // In this order: the shifts are only meaningful once height ≤ treeHeight is known.
        if (height > treeHeight) revert NodeOutOfRange(height, index);
        unchecked {
            // index < 2^(H−h) ≤ 2^32, so nothing below leaves 64 bits.
            if (uint256(index) >> (treeHeight - height) != 0) revert NodeOutOfRange(height, index);
            start = uint256(index) << height;
            end = start + (uint256(1) << height);
        }
    }

    /// @notice Begin at `cursor`, a leaf that is not excluded (or n: then nothing is accepted).
    function begin(bytes memory excluded, uint256 cursor, uint256 n, uint8 treeHeight)
        internal
        pure
        returns (Walk memory walk)
    {
        uint256 at = lowerBound(excluded, cursor);
        walk.excluded = excluded;
        walk.treeHeight = treeHeight;
        walk.n = n;
        walk.cursor = cursor;
        walk.at = at;
        walk.pastLast = at == 0 ? 0 : leafAt(excluded, at - 1) + 1;
        walk.next = at < excluded.length >> 2 ? leafAt(excluded, at) : NONE;
    }

    /// @notice Accept the cover's node at the cursor and move the cursor behind it, past excluded leaves, at most to n.
    function accept(Walk memory walk, uint8 height, uint64 index) internal pure {
        (uint256 treeHeight, uint256 next, uint256 end) = (walk.treeHeight, walk.next, 0);
        bool ok;
        // Every condition at once, since a branch costs more than a comparison; `_refuse` finds out which one failed.
        assembly ("memory-safe") {
            let size := shl(height, 1)
            let start := shl(height, index)
            end := add(start, size)
            // A height above the tree makes the next shift meaningless, and `ok` false already.
            ok := and(iszero(gt(height, treeHeight)), iszero(shr(sub(treeHeight, height), index)))
            // Bits that the shift to `start` loses were index bits of a node out of range.
            ok := and(ok, and(eq(start, mload(add(walk, 0x60))), lt(start, mload(add(walk, 0x40)))))
            ok := and(ok, iszero(lt(next, end)))
            // The node holds no excluded leaf, so its parent holds one exactly if its sibling does: after an even node, before an odd.
            let odd := and(index, 1)
            let holds := or(
                and(iszero(odd), lt(next, add(end, size))), and(odd, gt(mload(add(walk, 0xa0)), sub(start, size)))
            )
            ok := and(ok, or(eq(height, treeHeight), holds))
        }
        if (!ok) _refuse(walk, height, index);
        walk.cursor = end;
        if (next == end) _skipExcluded(walk);
        else if (end > walk.n) walk.cursor = walk.n;
    }

    /// @dev Names the first condition of `accept` that does not hold.
    function _refuse(Walk memory walk, uint8 height, uint64 index) private pure {
        (uint256 start, uint256 end) = range(height, index, walk.treeHeight);
        if (start != walk.cursor || start >= walk.n) revert NodeNotAtCursor(start, walk.cursor);
        if (walk.next < end) revert NodeContainsExcluded(height, index);
        revert NodeNotMaximal(height, index);
    }

    /// @notice The first leaf that is not excluded, at most n.
    function firstLeaf(bytes memory excluded, uint256 n) internal pure returns (uint256) {
        Walk memory walk = begin(excluded, 0, n, 0);
        _skipExcluded(walk);
        return walk.cursor;
    }

    /// @dev Moves the cursor over the run of excluded leaves that starts there.
    function _skipExcluded(Walk memory walk) private pure {
        (uint256 cursor, uint256 at, uint256 next) = (walk.cursor, walk.at, walk.next);
        uint256 count = walk.excluded.length >> 2;
        unchecked {
            while (next == cursor) {
                ++cursor;
                ++at;
                next = at < count ? leafAt(walk.excluded, at) : NONE;
            }
        }
        (walk.at, walk.next, walk.pastLast) = (at, next, cursor);
        walk.cursor = cursor < walk.n ? cursor : walk.n;
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
}
