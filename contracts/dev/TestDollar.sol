// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title A dollar for tests and demos: six decimals, and anybody may mint
contract TestDollar is ERC20 {
    constructor() ERC20("Test Dollar", "tUSD") {}

    function decimals() public pure override returns (uint8) {
        return 6;
    }

    /// @param amount Base units: 1 tUSD = 1,000,000.
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}
