// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title Creates the collective once, then can do nothing
/// @notice Deployed with the keccak256 of every init code in order. `create` makes the next contract by this contract's own
/// CREATE nonce, so every address is known beforehand, cross references are constructor immutables, and a failed step is
/// repeated without shifting any. Anyone may call `create`: only the committed bytes pass. After the last step it refuses for ever.
interface IGenesis {
    event Created(uint256 indexed step, address indexed created);

    error GenesisComplete();
    error GenesisWrongCode(uint256 step, bytes32 have, bytes32 needed);
    error GenesisCreateFailed(uint256 step);
    /// @notice Constructor: the plan was computed for another address.
    error GenesisMisplaced(address have, address needed);
    /// @notice A plan has 1 to 127 steps; also for a step outside the plan.
    error GenesisPlanLength(uint256 have, uint256 maximum);

    function create(bytes calldata initCode) external returns (address created);
    /// @notice Steps done so far.
    function step() external view returns (uint256);
    function steps() external view returns (uint256);
    function plan(uint256 step) external view returns (bytes32 initCodeHash);
    /// @notice Where the contract of a step is, or will be.
    function addressAt(uint256 step) external view returns (address);
}
