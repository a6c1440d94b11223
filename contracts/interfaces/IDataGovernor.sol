// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title What guards the collective's votes
/// @notice OpenZeppelin Governor + Timelock. The timelock has one proposer (this governor), no canceller, open execution, no
/// admin, and a constant delay >= the opt-out window. Ballots are counted in one bitmap by member number, however cast.
///
/// Guards: `propose` takes only (target, selector) pairs fixed at deployment, never the timelock, never value;
/// a proposal that approves sales does nothing else; `relay` and `updateTimelock` are disabled; nobody cancels;
/// nothing executes while fewer than `minimumActive` members are active (checked by the timelock, which anyone may call); setters are bounded in code.
/// quorum(s) = max(ceil(quorumFraction × active members at s), quorumFloor), quorumFloor >= 3.
///
/// Reserved for later: relayed batches (`Ballot(uint256 proposalId,uint8 support)`, no nonce, low-s).
interface IDataGovernor {
    event DaoURIUpdate(string daoURI);
    event VotingWindowsSet(uint48 votingDelay, uint32 votingPeriod);

    error CallNotAllowed(address target, bytes4 selector);
    error CallValueRefused(uint256 value);
    error ApprovalNotAlone();
    error GovernorFunctionDisabled();
    error GovernorParameterOutOfBounds(uint256 have, uint256 minimum, uint256 maximum);

    /// @notice ERC-4824: contact address, notices.
    function daoURI() external view returns (string memory);
    function setDaoURI(string calldata uri) external;
    /// @notice Seconds. Votes may lengthen both to four times what the collective began with, and never shorten them below it.
    function setVotingWindows(uint48 votingDelay, uint32 votingPeriod) external;
    function isCallAllowed(address target, bytes4 selector) external view returns (bool);
    function minimumActive() external view returns (uint256);
}
