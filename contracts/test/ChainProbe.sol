// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title  A contract that answers in every way a contract can, for the tests of the chain floor.
contract ChainProbe {
    enum Mood {
        Calm,
        Loud
    }

    struct Note {
        address author;
        uint96 amount;
        bytes32 tag;
    }

    event NoteWritten(uint256 indexed number, address indexed author, Note note, uint256[2] point);

    error ProbeTooSmall(address who, uint256 have, uint256 needed);

    uint256 public immutable FLOOR;
    uint256 public number;
    mapping(uint256 number => Note note) public notes;

    constructor(uint256 floor_) {
        FLOOR = floor_;
    }

    function write(Note calldata note, uint256[2] calldata point) external payable returns (uint256 written) {
        if (note.amount < FLOOR) revert ProbeTooSmall(msg.sender, note.amount, FLOOR);
        written = ++number;
        notes[written] = note;
        emit NoteWritten(written, msg.sender, note, point);
    }

    function refuse(Mood mood) external pure returns (uint256) {
        require(mood == Mood.Calm, "probe is loud");
        return 1;
    }

    function overflow(uint256 value) external pure returns (uint256) {
        return value + type(uint256).max;
    }

    function silence() external pure {
        assembly ("memory-safe") {
            revert(0, 0)
        }
    }

    function pairing(bytes calldata input) external view returns (bool answered, bytes memory output) {
        return address(8).staticcall(input);
    }

    function hash(bytes calldata data) external pure returns (bytes32) {
        return keccak256(data);
    }

    function clock() external view returns (uint256) {
        return block.timestamp;
    }
}
