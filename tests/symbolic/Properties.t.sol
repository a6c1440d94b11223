// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Cover} from "../src/Cover.sol";
import {PackedLanes} from "../src/PackedLanes.sol";

/// @title What holds for every value, shown by halmos; `make symbolic`
/// @dev A function named check_ passes if no values of its arguments make an assertion fail.
contract LanesTest {
    function check_a_lane_changes_alone(uint256 lanes, uint256 number, uint256 other, uint32 value) external pure {
        uint256 changed = PackedLanes.withLane(lanes, number, value);
        assert(PackedLanes.laneOf(changed, number) == value);
        if (number & 7 != other & 7) assert(PackedLanes.laneOf(changed, other) == PackedLanes.laneOf(lanes, other));
    }
}

/// @dev Two excluded leaves a < b, any n, any cursor that is not excluded.
contract CoverTest {
    function walk(uint32 a, uint32 b, uint256 cursor, uint256 n, uint8 treeHeight, uint8 height, uint64 index)
        external
        pure
        returns (uint256)
    {
        Cover.Walk memory w = Cover.begin(abi.encodePacked(a, b), cursor, n, treeHeight);
        Cover.accept(w, height, index);
        return w.cursor;
    }

    function _accepted(uint32 a, uint32 b, uint256 cursor, uint256 n, uint8 treeHeight, uint8 height, uint64 index)
        private
        view
        returns (bool ok, uint256 next)
    {
        bytes memory answer;
        (ok, answer) = address(this).staticcall(
            abi.encodeCall(this.walk, (a, b, cursor, n, treeHeight, height, index))
        );
        if (ok) next = abi.decode(answer, (uint256));
    }

    function _fits(uint32 a, uint32 b, uint256 cursor, uint256 n, uint8 treeHeight) private pure returns (bool) {
        return treeHeight <= 32 && a < b && b < n && n <= uint256(1) << treeHeight && cursor < n && cursor != a
            && cursor != b;
    }

    /// @notice Trees of every height: an accepted node lies in the tree, starts at the cursor, holds nobody excluded, and
    /// is maximal; the cursor moves on to a leaf that is not excluded, or to n.
    function check_an_accepted_node_is_a_maximal_one_at_the_cursor(
        uint32 a,
        uint32 b,
        uint256 cursor,
        uint256 n,
        uint8 treeHeight,
        uint8 height,
        uint64 index
    ) external view {
        if (!_fits(a, b, cursor, n, treeHeight)) return;
        (bool ok, uint256 next) = _accepted(a, b, cursor, n, treeHeight, height, index);
        if (!ok) return;
        assert(height <= treeHeight);
        uint256 start = uint256(index) << height;
        uint256 end = start + (uint256(1) << height);
        assert(start == cursor && end <= uint256(1) << treeHeight);
        assert((a < start || end <= a) && (b < start || end <= b));
        if (height < treeHeight) {
            uint256 parent = (start >> (height + 1)) << (height + 1);
            uint256 parentEnd = parent + (uint256(2) << height);
            assert((parent <= a && a < parentEnd) || (parent <= b && b < parentEnd));
        }
        assert(next > cursor && next <= n && (next == n || (next != a && next != b)));
    }

    /// @notice Trees of 32 leaves: at each cursor there is one node.
    function check_one_node_at_a_cursor(
        uint32 a,
        uint32 b,
        uint256 cursor,
        uint256 n,
        uint8 height,
        uint64 index,
        uint8 otherHeight,
        uint64 otherIndex
    ) external view {
        if (!_fits(a, b, cursor, n, 5)) return;
        (bool one,) = _accepted(a, b, cursor, n, 5, height, index);
        (bool two,) = _accepted(a, b, cursor, n, 5, otherHeight, otherIndex);
        if (one && two) assert(height == otherHeight && index == otherIndex);
    }
}
