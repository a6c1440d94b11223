// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title Eight uint32 values to a storage word, by member number
/// @notice Member number `n` has lane `n % 8` of word `n / 8`; neighbours in number share a slot, so that the second to
/// eighth of them cost an update instead of a new slot.
/// @dev A value enters as uint32 and is masked again before it is shifted: 2^32 can never spill into the next lane.
library PackedLanes {
    uint256 private constant LANE = type(uint32).max;

    /// @notice The value of a member number, 0 if never set.
    function get(mapping(uint256 word => uint256 lanes) storage words, uint32 number) internal view returns (uint32) {
        return uint32(words[number >> 3] >> _shift(number));
    }

    /// @notice Set the value of a member number; no other lane changes.
    /// @return previous The value before.
    function set(mapping(uint256 word => uint256 lanes) storage words, uint32 number, uint32 value)
        internal
        returns (uint32 previous)
    {
        uint256 shift = _shift(number);
        uint256 lanes = words[number >> 3];
        previous = uint32(lanes >> shift);
        words[number >> 3] = (lanes & ~(LANE << shift)) | ((uint256(value) & LANE) << shift);
    }

    /// @notice The lane of a member number in its word, for callers that keep words in memory.
    function laneOf(uint256 lanes, uint256 number) internal pure returns (uint32) {
        return uint32(lanes >> _shift(number));
    }

    /// @notice The word with the lane of a member number set to `value`; no other lane changes.
    function withLane(uint256 lanes, uint256 number, uint32 value) internal pure returns (uint256) {
        uint256 shift = _shift(number);
        return (lanes & ~(LANE << shift)) | ((uint256(value) & LANE) << shift);
    }

    /// @dev Bits, 0 .. 224.
    function _shift(uint256 number) private pure returns (uint256) {
        return (number & 7) << 5;
    }
}
