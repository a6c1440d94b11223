// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title Something small for Genesis to create; can be told to fail while a switch elsewhere is off
contract GenesisChild {
    uint256 public immutable number;

    constructor(uint256 number_, GenesisSwitch gate) {
        if (address(gate) != address(0)) require(gate.on(), "off");
        number = number_;
    }
}

/// @title Decides whether a `GenesisChild` can be created yet
contract GenesisSwitch {
    bool public on;

    function flip() external {
        on = !on;
    }
}
