// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title The history of one small count, four checkpoints to a slot
/// @notice A checkpoint is (uint32 seconds since 1970, uint32 count). Changes within one second overwrite each other, so a
/// checkpoint says what held at the end of its second. Seconds fit uint32 until 2106.
/// @dev The up to three newest checkpoints wait in the head slot, which is written anyway; the fourth moves all of them
/// to a word of their own. So three of four changes cost one updated slot, the fourth one new slot more.
library CountTrace {
    /// @param head Bits 0-31 a number that is not the trace's, for a neighbour that changes with it; 32-63 `length`, the
    /// checkpoints ever made; from 64 on the newest `length % 4` of them, oldest in the lowest lane. Packed by hand: the
    /// compiler would read and write the slot once for each field.
    /// @param words Four checkpoints each, oldest in the lowest lane.
    struct Trace {
        uint256 head;
        mapping(uint256 index => uint256 lanes) words;
    }

    uint256 private constant LANE = type(uint64).max;
    uint256 private constant LANE_BITS = 64;
    uint256 private constant PER_WORD = 4;

    /// @notice Add one to the count, or take one from it, from this second on.
    function change(Trace storage self, bool up) internal {
        change(self, 1, up);
    }

    /// @notice Add `by` to the count, or take it from it, from this second on.
    function change(Trace storage self, uint32 by, bool up) internal {
        uint256 head = self.head;
        uint256 length = _length(head);
        uint256 waiting = length % PER_WORD;
        uint256 last = _last(self, head);
        uint256 second = uint32(block.timestamp); // truncated, so that even 2106 could not reach the next lane
        uint256 checkpoint = second << 32 | (up ? uint32(last) + by : uint32(last) - by);

        if (length != 0 && last >> 32 == second) {
            if (waiting == 0) {
                uint256 top = (PER_WORD - 1) * LANE_BITS;
                uint256 index = length / PER_WORD - 1;
                self.words[index] = (self.words[index] & ~(LANE << top)) | checkpoint << top;
            } else {
                uint256 shift = waiting * LANE_BITS; // the newest lies below the first free lane
                self.head = (head & ~(LANE << shift)) | checkpoint << shift;
            }
            return;
        }
        head += 1 << 32;
        if (waiting == PER_WORD - 1) {
            self.words[length / PER_WORD] = head >> LANE_BITS | checkpoint << (waiting * LANE_BITS);
            self.head = head & LANE;
        } else {
            self.head = head | checkpoint << ((waiting + 1) * LANE_BITS);
        }
    }

    /// @notice The neighbour's number.
    function neighbour(Trace storage self) internal view returns (uint32) {
        return uint32(self.head);
    }

    /// @notice Set the neighbour's number; the trace does not change.
    function setNeighbour(Trace storage self, uint32 value) internal {
        self.head = (self.head >> 32 << 32) | value;
    }

    /// @notice The count now.
    function latest(Trace storage self) internal view returns (uint256) {
        return uint32(_last(self, self.head));
    }

    /// @notice The count at the end of second `time`; 0 before the first checkpoint.
    function at(Trace storage self, uint256 time) internal view returns (uint256) {
        uint256 head = self.head;
        uint256 length = _length(head);
        (bool found, uint256 count) = _newestBy(head >> LANE_BITS, length % PER_WORD, time);
        if (found) return count;

        // The last word that starts by `time`: steps that double, back from the newest, then halving.
        uint256 high = length / PER_WORD; // the first word known to start later
        uint256 low = high; // one past the candidate: words below `low` are still possible
        for (uint256 step = 1; low != 0; step *= 2) {
            low = low > step ? low - step : 0;
            if (_startsBy(self, low, time)) break;
            high = low;
        }
        if (high == 0) return 0;
        while (high - low > 1) {
            uint256 middle = (low + high) / 2;
            if (_startsBy(self, middle, time)) low = middle;
            else high = middle;
        }
        (, count) = _newestBy(self.words[low], PER_WORD, time);
        return count;
    }

    /// @dev The newest checkpoint, 0 if there is none.
    function _last(Trace storage self, uint256 head) private view returns (uint256) {
        uint256 length = _length(head);
        uint256 waiting = length % PER_WORD;
        if (waiting != 0) return head >> (waiting * LANE_BITS) & LANE;
        return length == 0 ? 0 : self.words[length / PER_WORD - 1] >> ((PER_WORD - 1) * LANE_BITS);
    }

    function _length(uint256 head) private pure returns (uint256) {
        return uint32(head >> 32);
    }

    function _startsBy(Trace storage self, uint256 index, uint256 time) private view returns (bool) {
        return (self.words[index] & LANE) >> 32 <= time;
    }

    /// @dev The newest of the lowest `lanes` checkpoints that is not after `time`.
    function _newestBy(uint256 word, uint256 lanes, uint256 time) private pure returns (bool, uint256) {
        while (lanes != 0) {
            uint256 checkpoint = word >> (--lanes * LANE_BITS) & LANE;
            if (checkpoint >> 32 <= time) return (true, uint32(checkpoint));
        }
        return (false, 0);
    }
}
