// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @notice A committee of which the registry sees three functions. Its heartbeat is the pair (week, generation).
contract HeartbeatCommittee {
    uint32 public currentGeneration = 1;
    mapping(uint32 generation => bool) public isActive;

    error HeartbeatInvalid(uint64 week);

    constructor() {
        isActive[1] = true;
    }

    function setGeneration(uint32 generation, bool active) external {
        currentGeneration = active ? generation : 0;
        isActive[generation] = active;
    }

    function requireHeartbeat(uint32 generation, uint64 week, uint256[2] calldata heartbeat) external pure {
        if (heartbeat[0] != week || heartbeat[1] != generation) revert HeartbeatInvalid(week);
    }
}

/// @notice A contract wallet without any receiver hook. What it does in one call happens within one second.
contract ContractWallet {
    function run(address[] calldata targets, bytes[] calldata calls) external {
        for (uint256 i; i < targets.length; ++i) {
            (bool ok, bytes memory answer) = targets[i].call(calls[i]);
            if (!ok) {
                assembly ("memory-safe") {
                    revert(add(answer, 32), mload(answer))
                }
            }
        }
    }
}
