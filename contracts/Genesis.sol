// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IGenesis} from "./interfaces/IGenesis.sol";

/// @title Creates the collective once, then can do nothing
/// @notice The init codes hold the addresses of their siblings, and those follow from the address of this contract, so the
/// plan is only right at one address: the constructor refuses any other (a deployer whose nonce moved on would else
/// create contracts that point at nothing).
contract Genesis is IGenesis {
    /// @dev RLP of an integer up to 127 is the integer itself, so `addressAt` needs no length prefix for the nonce.
    uint256 private constant MOST_STEPS = 127;

    bytes32[] private _plan;
    uint256 private _step;

    /// @param expectedSelf The address the plan was computed for.
    /// @param plan_ keccak256 of every init code, constructor arguments included, in order.
    constructor(address expectedSelf, bytes32[] memory plan_) {
        if (address(this) != expectedSelf) revert GenesisMisplaced(address(this), expectedSelf);
        if (plan_.length == 0 || plan_.length > MOST_STEPS) revert GenesisPlanLength(plan_.length, MOST_STEPS);
        _plan = plan_;
    }

    /// @inheritdoc IGenesis
    function create(bytes calldata initCode) external returns (address created) {
        uint256 current = _step;
        if (current == _plan.length) revert GenesisComplete();
        bytes32 have = keccak256(initCode);
        if (have != _plan[current]) revert GenesisWrongCode(current, have, _plan[current]);
        // Before CREATE, so that a constructor calling back would already meet the next step and the next nonce.
        _step = current + 1;
        bytes memory code = initCode;
        assembly ("memory-safe") {
            created := create(0, add(code, 0x20), mload(code))
        }
        // A failed CREATE would still have used up a nonce; the revert gives it back.
        if (created == address(0)) revert GenesisCreateFailed(current);
        emit Created(current, created);
    }

    /// @inheritdoc IGenesis
    function step() external view returns (uint256) {
        return _step;
    }

    /// @inheritdoc IGenesis
    function steps() external view returns (uint256) {
        return _plan.length;
    }

    /// @inheritdoc IGenesis
    function plan(uint256 step_) external view returns (bytes32 initCodeHash) {
        return _plan[step_];
    }

    /// @inheritdoc IGenesis
    function addressAt(uint256 step_) external view returns (address) {
        if (step_ >= _plan.length) revert GenesisPlanLength(step_, _plan.length);
        // EIP-161: a contract's first CREATE has nonce 1. Address: keccak256(rlp([creator, nonce])), Yellow Paper (86).
        bytes32 digest = keccak256(abi.encodePacked(bytes2(0xd694), address(this), bytes1(uint8(step_ + 1))));
        return address(uint160(uint256(digest)));
    }
}
