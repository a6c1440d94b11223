// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IDataMarket} from "./IDataMarket.sol";

/// @title What guards the collective's votes
/// @notice OpenZeppelin Governor + Timelock. The timelock has one proposer (this governor), no canceller, open execution, no
/// admin, and a constant delay >= the opt-out window. Ballots are counted in one bitmap by member number, however cast.
///
/// Guards: `propose` takes only (target, selector) pairs fixed at deployment, never the timelock, never value;
/// a proposal that approves sales does nothing else, and all of them are Offered when it is made, so that contributors can opt
/// out from then on, through the vote and the timelock's delay; `relay` and `updateTimelock` are disabled; nobody cancels;
/// nothing executes while fewer than `minimumActive` members are active (checked by the timelock, which anyone may call); setters are bounded in code.
/// quorum(s) = max(ceil(quorumFraction × active members at s), quorumFloor), quorumFloor >= 3.
///
/// A signed ballot is EIP-712 `Ballot(uint256 proposalId,uint8 support)`, 64 bytes (EIP-2098), low s, without a nonce:
/// the bitmap counts it once. Relayed one by one (`castVoteBySig`) or in batches (`castVoteBatch`).
interface IDataGovernor {
    /// @notice Why a ballot of a batch was not counted. The others of its batch were.
    enum BallotSkipReason {
        SupportInvalid,
        SignerWithoutVote,
        Repeated
    }

    /// @notice A ballot as its member signed it. It names nobody: the signature does.
    /// @param support 0 against, 1 for, 2 abstain; a whole word, so that no value of it can be malformed.
    /// @param r First half of the signature. @param vs Second half, the parity of y in its top bit.
    struct SignedBallot {
        uint256 support;
        bytes32 r;
        bytes32 vs;
    }

    event DaoURIUpdate(string daoURI);
    event VotingWindowsSet(uint48 votingDelay, uint32 votingPeriod);
    /// @notice What a batch added, in place of one `VoteCast` each.
    /// @param ballots 9 bytes each: member number (4), support (1), votes (4).
    event BallotsCounted(uint256 indexed proposalId, bytes ballots);
    /// @param position In the batch, from 0. @param signer Whoever signed, or zero.
    event BallotSkipped(uint256 indexed proposalId, uint256 position, address signer, BallotSkipReason reason);

    error CallNotAllowed(address target, bytes4 selector);
    error CallValueRefused(uint256 value);
    error ApprovalNotAlone();
    error ProposedSaleNotOffered(bytes32 saleId, IDataMarket.SaleState have);
    error GovernorFunctionDisabled();
    error GovernorParameterOutOfBounds(uint256 have, uint256 minimum, uint256 maximum);

    /// @notice Count ballots that members signed. Caller: anyone. A bad or repeated ballot is skipped with an event and never
    /// sinks the others. Reverts only when the proposal takes no ballots. Cheapest in ascending order of member number.
    /// @return counted How many were.
    function castVoteBatch(uint256 proposalId, SignedBallot[] calldata ballots) external returns (uint256 counted);

    /// @notice ERC-4824: contact address, notices.
    function daoURI() external view returns (string memory);
    function setDaoURI(string calldata uri) external;
    /// @notice Seconds. Votes may lengthen both to four times what the collective began with, and never shorten them below it.
    function setVotingWindows(uint48 votingDelay, uint32 votingPeriod) external;
    function isCallAllowed(address target, bytes4 selector) external view returns (bool);
    function minimumActive() external view returns (uint256);
}
