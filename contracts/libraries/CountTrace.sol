// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title The history of one small count, four checkpoints to a slot
/// @notice A checkpoint is (uint32 seconds since 1970, uint32 count). Changes within one second overwrite each other, so a
/// checkpoint says what held at the end of its second. Seconds fit uint32 until 2106.
/// @dev The up to three newest checkpoints wait in the head slot, which is written anyway; the fourth moves all of them
/// to a word of their own. So three of four changes cost one updated slot, the fourth one new slot more.
library CountTrace {
    /// @param free Not the trace's: four bytes of the head slot for a neighbour that changes with it.
    /// @param length Checkpoints ever made.
    /// @param recent The newest `length % 4` of them, oldest in the lowest lane.
    /// @param words Four each, oldest in the lowest lane.
    struct Trace {
        uint32 free;
        uint32 length;
        uint192 recent;
        mapping(uint256 index => uint256 lanes) words;
    }

    uint256 private constant LANE = type(uint64).max;
    uint256 private constant LANE_BITS = 64;
    uint256 private constant PER_WORD = 4;

    /// @notice Add one to the count, or take one from it, from this second on.
    function change(Trace storage self, bool up) internal {
        uint256 length = self.length;
        uint256 waiting = length % PER_WORD;
        uint256 recent = self.recent;
        uint256 last = _last(self, length, waiting, recent);
        uint256 second = uint32(block.timestamp); // truncated, so that even 2106 could not reach the next lane
        uint256 checkpoint = second << 32 | (up ? uint32(last) + 1 : uint32(last) - 1);

        if (length != 0 && last >> 32 == second) {
            if (waiting == 0) {
                uint256 top = (PER_WORD - 1) * LANE_BITS;
                uint256 index = length / PER_WORD - 1;
                self.words[index] = (self.words[index] & ~(LANE << top)) | checkpoint << top;
            } else {
                uint256 shift = (waiting - 1) * LANE_BITS;
                self.recent = uint192((recent & ~(LANE << shift)) | checkpoint << shift);
            }
        } else {
            if (waiting == PER_WORD - 1) {
                self.words[length / PER_WORD] = recent | checkpoint << (waiting * LANE_BITS);
                self.recent = 0;
            } else {
                self.recent = uint192(recent | checkpoint << (waiting * LANE_BITS));
            }
            self.length = uint32(length + 1);
        }
    }

    /// @notice The count now.
    function latest(Trace storage self) internal view returns (uint256) {
        uint256 length = self.length;
        return uint32(_last(self, length, length % PER_WORD, self.recent));
    }

    /// @notice The count at the end of second `time`; 0 before the first checkpoint.
    function at(Trace storage self, uint256 time) internal view returns (uint256) {
        uint256 length = self.length;
        (bool found, uint256 count) = _newestBy(self.recent, length % PER_WORD, time);
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

    function _last(Trace storage self, uint256 length, uint256 waiting, uint256 recent)
        private
        view
        returns (uint256)
    {
        if (waiting != 0) return recent >> ((waiting - 1) * LANE_BITS) & LANE;
        return length == 0 ? 0 : self.words[length / PER_WORD - 1] >> ((PER_WORD - 1) * LANE_BITS);
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
