// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC1155} from "@openzeppelin/contracts/token/ERC1155/IERC1155.sol";

/// @title Shares of a pool
/// @notice Soulbound ERC-1155. Id = pool id = keccak256(abi.encode(scopeId, epoch)); balance = weight; total supply = pool
/// weight. Minted, and before sealing burnt, by the registry alone; never changes after sealing. Weights are packed
/// eight uint32 lanes to a word by member number. Recorded deviation from ERC-1155: no receiver callbacks, since one
/// contract wallet could otherwise sink or re-enter a batch.
interface IContributionToken is IERC1155 {
    error ContributionTokenLocked();
    error ContributionTokenCallerRefused(address caller);

    /// @notice Set a member's weight in a pool, minting or burning the difference. Caller: the registry.
    /// Not checked here: that the pool is open.
    /// @return previous The weight before, 0 if none.
    function setWeight(address member, uint32 number, uint256 id, uint32 weight) external returns (uint32 previous);

    /// @notice Set many members' weights in one pool. Caller: the registry. Cheapest in ascending order.
    /// @param shares Each: the member's address in bits 0 to 159, its number in bits 160 to 191, the weight in bits 192 to 223.
    function setWeights(uint256 id, uint256[] calldata shares) external;

    /// @notice Weights of member numbers in a pool, 0 where there is none. Cheapest in ascending order.
    function weightsOf(uint256 id, uint256[] calldata numbers) external view returns (uint256[] memory);

    /// @notice Weight of a member number in a pool, 0 if none.
    function weightOf(uint32 number, uint256 id) external view returns (uint32);

    /// @notice Sum of all weights of a pool.
    function totalSupply(uint256 id) external view returns (uint256);
}
