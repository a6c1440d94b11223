// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title Stands in for any contract a vote may call: takes every call and remembers who said what
contract CallRecorder {
    struct Call {
        address from;
        uint256 value;
        bytes data;
    }

    Call[] private _calls;

    function calls() external view returns (Call[] memory) {
        return _calls;
    }

    fallback() external payable {
        _calls.push(Call(msg.sender, msg.value, msg.data));
    }
}
