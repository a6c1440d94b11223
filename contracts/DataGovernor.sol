// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Governor} from "@openzeppelin/contracts/governance/Governor.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {GovernorTimelockControl} from "@openzeppelin/contracts/governance/extensions/GovernorTimelockControl.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {DataTimelock} from "./DataTimelock.sol";
import {ICommitteeBoard} from "./interfaces/ICommitteeBoard.sol";
import {IContributionRegistry} from "./interfaces/IContributionRegistry.sol";
import {IDataGovernor} from "./interfaces/IDataGovernor.sol";
import {IDataMarket} from "./interfaces/IDataMarket.sol";
import {IKeyCommittee} from "./interfaces/IKeyCommittee.sol";
import {IMembershipToken} from "./interfaces/IMembershipToken.sol";
import {IRevenueSplitter} from "./interfaces/IRevenueSplitter.sol";
import {CompactSignature} from "./libraries/CompactSignature.sol";

/// @title The first word of what `IDataMarket.sale` answers
/// @dev The same function: what follows the word is not decoded.
interface ISaleState {
    function sale(bytes32 saleId) external view returns (IDataMarket.SaleState state);
}

/// @title The members' votes
/// @notice See IDataGovernor for the guards. What a vote can do at most is the list in the constructor, and nothing else.
/// @dev Ballots: one bit per member number in words of 256, one packed tally slot per proposal; all ways of voting share both.
contract DataGovernor is GovernorTimelockControl, IDataGovernor {
    /// @dev One slot. A vote is one member, so 64 bits are plenty.
    struct Tally {
        uint64 against;
        uint64 inFavour;
        uint64 abstain;
    }

    /// @notice Everything the constructor needs, bound by name in the deploy plan.
    /// @param optOutWindow Seconds that members have to opt out after a vote passed; at most the timelock's delay.
    /// @param quorumPercent Of the active members at the snapshot, 1 .. 100.
    struct Settings {
        string name;
        string daoURI;
        address membership;
        address timelock;
        address market;
        address registry;
        address committee;
        address splitter;
        uint48 votingDelay;
        uint32 votingPeriod;
        uint32 optOutWindow;
        uint256 quorumPercent;
        uint256 quorumFloor;
        uint256 minimumActive;
    }

    bytes32 public constant MEMBER_BALLOT_TYPEHASH = keccak256("Ballot(uint256 proposalId,uint8 support)");

    uint8 private constant AGAINST = 0;
    uint8 private constant FOR = 1;
    uint8 private constant ABSTAIN = 2;

    /// @dev Of a ballot in `BallotsCounted`.
    uint256 private constant BALLOT_BYTES = 9;

    uint256 private constant SMALLEST_QUORUM_FLOOR = 3;
    uint256 private constant SMALLEST_MINIMUM_ACTIVE = 3;
    /// @dev Votes may lengthen the voting windows up to this factor of what the collective began with, and never shorten them.
    uint256 private constant LONGEST_FACTOR = 4;

    IMembershipToken public immutable membership;
    uint256 public immutable quorumPercent;
    uint256 public immutable quorumFloor;
    uint256 public immutable override minimumActive;
    uint256 private immutable _shortestDelay;
    uint256 private immutable _shortestPeriod;
    address private immutable _market;

    string private _collectiveName;
    string private _daoURI;
    uint48 private _votingDelay;
    uint32 private _votingPeriod;
    mapping(address target => mapping(bytes4 selector => bool)) private _allowed;
    mapping(uint256 proposalId => Tally) private _tallies;
    mapping(uint256 proposalId => mapping(uint256 word => uint256 bits)) private _ballots;

    error VoteTypeInvalid(uint8 support);
    error BallotRepeated(uint256 proposalId, address voter);
    error VoterWithoutVote(address voter, uint256 snapshot);
    error BallotSignatureInvalid(address voter);

    constructor(Settings memory s)
        Governor("unwrapped-dao governor")
        GovernorTimelockControl(TimelockController(payable(s.timelock)))
    {
        _requireBounds(s.quorumPercent, 1, 100);
        _requireBounds(s.quorumFloor, SMALLEST_QUORUM_FLOOR, type(uint64).max);
        _requireBounds(s.minimumActive, SMALLEST_MINIMUM_ACTIVE, type(uint64).max);
        _requireBounds(s.votingDelay, 1, 365 days);
        _requireBounds(s.votingPeriod, 1, 365 days);
        // The timelock keeps it; what is told here must be what is kept.
        uint256 kept = DataTimelock(payable(s.timelock)).minimumActive();
        _requireBounds(kept, s.minimumActive, s.minimumActive);
        _requireBounds(s.optOutWindow, 1, TimelockController(payable(s.timelock)).getMinDelay());
        membership = IMembershipToken(s.membership);
        quorumPercent = s.quorumPercent;
        quorumFloor = s.quorumFloor;
        minimumActive = s.minimumActive;
        _shortestDelay = s.votingDelay;
        _shortestPeriod = s.votingPeriod;
        _votingDelay = s.votingDelay;
        _votingPeriod = s.votingPeriod;
        _market = s.market;
        _collectiveName = s.name;
        _daoURI = s.daoURI;
        emit DaoURIUpdate(s.daoURI);
        emit VotingWindowsSet(s.votingDelay, s.votingPeriod);

        // Everything that a vote can ever do.
        _allowed[s.market][IDataMarket.approve.selector] = true;
        _allowed[s.market][IDataMarket.setWindows.selector] = true;
        _allowed[s.registry][IContributionRegistry.registerScope.selector] = true;
        _allowed[s.registry][IContributionRegistry.addValidator.selector] = true;
        _allowed[s.registry][IContributionRegistry.removeValidator.selector] = true;
        _allowed[s.registry][IContributionRegistry.setAttestationsRequired.selector] = true;
        _allowed[s.registry][IContributionRegistry.setMaxWeight.selector] = true;
        _allowed[s.registry][IContributionRegistry.announceSealByVote.selector] = true;
        _allowed[s.committee][IKeyCommittee.retire.selector] = true;
        _allowed[s.committee][ICommitteeBoard.form.selector] = true;
        _allowed[s.committee][ICommitteeBoard.reshare.selector] = true;
        _allowed[s.splitter][IRevenueSplitter.payTreasury.selector] = true;
        _allowed[s.splitter][IRevenueSplitter.setFees.selector] = true;
        _allowed[s.splitter][IRevenueSplitter.setCurrency.selector] = true;
        _allowed[address(this)][IDataGovernor.setDaoURI.selector] = true;
        _allowed[address(this)][IDataGovernor.setVotingWindows.selector] = true;
    }

    // -------------------------------------------------------------------------------------------------- what may be voted

    /// @notice Propose calls from the list. A proposal that approves sales contains nothing else, and names offers that stand
    /// already. Caller: a member with a vote.
    function propose(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        string memory description
    ) public override returns (uint256) {
        for (uint256 i = 0; i < targets.length && i < calldatas.length; ++i) {
            bytes4 selector = bytes4(calldatas[i]);
            if (calldatas[i].length < 4 || !_allowed[targets[i]][selector]) revert CallNotAllowed(targets[i], selector);
            if (i < values.length && values[i] != 0) revert CallValueRefused(values[i]);
            if (targets[i] == _market && selector == IDataMarket.approve.selector) {
                if (targets.length != 1) revert ApprovalNotAlone();
                _requireOffered(calldatas[i]);
            }
        }
        return super.propose(targets, values, calldatas, description);
    }

    /// @dev Every sale of a call of `IDataMarket.approve` is Offered. An offer that came after the vote could be made and approved
    /// in one second, and nobody can opt out of a sale before it is offered. Until its approval an offer never goes away
    /// but by expiring, so what stands here stands, or is skipped, at the execution.
    function _requireOffered(bytes memory call_) private view {
        bytes memory arguments = new bytes(call_.length - 4);
        for (uint256 at = 0; at < arguments.length; at += 32) {
            assembly ("memory-safe") {
                // A last word that reaches beyond the arguments lands in their padding: memory is allocated by whole words.
                mstore(add(add(arguments, 0x20), at), mload(add(add(call_, 0x24), at)))
            }
        }
        bytes32[] memory saleIds = abi.decode(arguments, (bytes32[]));
        for (uint256 i = 0; i < saleIds.length; ++i) {
            IDataMarket.SaleState state = ISaleState(_market).sale(saleIds[i]);
            if (state != IDataMarket.SaleState.Offered) revert ProposedSaleNotOffered(saleIds[i], state);
        }
    }

    /// @inheritdoc IDataGovernor
    function isCallAllowed(address target, bytes4 selector) external view returns (bool) {
        return _allowed[target][selector];
    }

    /// @inheritdoc IDataGovernor
    function daoURI() external view returns (string memory) {
        return _daoURI;
    }

    /// @inheritdoc IDataGovernor
    function setDaoURI(string calldata uri) external onlyGovernance {
        _daoURI = uri;
        emit DaoURIUpdate(uri);
    }

    /// @inheritdoc IDataGovernor
    function setVotingWindows(uint48 delay, uint32 period) external onlyGovernance {
        _requireBounds(delay, _shortestDelay, _shortestDelay * LONGEST_FACTOR);
        _requireBounds(period, _shortestPeriod, _shortestPeriod * LONGEST_FACTOR);
        _votingDelay = delay;
        _votingPeriod = period;
        emit VotingWindowsSet(delay, period);
    }

    // --------------------------------------------------------------------------------------------------------- disabled

    /// @notice Disabled: nobody cancels what was proposed, its proposer included.
    function _validateCancel(uint256, address) internal pure override returns (bool) {
        return false;
    }

    /// @notice Disabled.
    function relay(address, uint256, bytes calldata) external payable override {
        revert GovernorFunctionDisabled();
    }

    /// @notice Disabled.
    function updateTimelock(TimelockController) external pure override {
        revert GovernorFunctionDisabled();
    }

    /// @notice Disabled: a signed ballot is `Ballot(uint256 proposalId,uint8 support)`.
    function castVoteWithReasonAndParamsBySig(uint256, uint8, address, string calldata, bytes memory, bytes memory)
        public
        pure
        override
        returns (uint256)
    {
        revert GovernorFunctionDisabled();
    }

    // ---------------------------------------------------------------------------------------------------------- ballots

    /// @notice Cast the ballot of a member who signed EIP-712 `Ballot(uint256 proposalId,uint8 support)` (64 bytes, EIP-2098,
    /// low s). No nonce: the bitmap counts it once, however it comes. Contract wallets vote directly. Caller: anyone.
    function castVoteBySig(uint256 proposalId, uint8 support, address voter, bytes memory signature)
        public
        override
        returns (uint256)
    {
        if (signature.length != CompactSignature.LENGTH) revert BallotSignatureInvalid(voter);
        (bytes32 r, bytes32 vs) = abi.decode(signature, (bytes32, bytes32));
        bytes32 digest = _ballotDigest(proposalId, support);
        // Refuses a high s, and answers zero with an error for what does not recover.
        (address signer, ECDSA.RecoverError failure,) = ECDSA.tryRecover(digest, r, vs);
        if (failure != ECDSA.RecoverError.NoError || signer != voter) revert BallotSignatureInvalid(voter);
        return _castVote(proposalId, voter, support, "");
    }

    /// @inheritdoc IDataGovernor
    /// @dev One read of the membership for all; bitmap words and the tally are kept in memory and written once.
    function castVoteBatch(uint256 proposalId, SignedBallot[] calldata ballots) external returns (uint256 counted) {
        _validateStateBitmap(proposalId, _encodeStateBitmap(ProposalState.Active));
        address[] memory signers = _signersOf(proposalId, ballots);
        uint256[] memory voters = membership.votersAt(signers, proposalSnapshot(proposalId));
        bytes memory added = new bytes(ballots.length * BALLOT_BYTES + 32); // ballots are written as whole words
        uint256[3] memory votesFor; // by support
        uint256 word = type(uint256).max;
        uint256 bits;
        mapping(uint256 => uint256) storage words = _ballots[proposalId];
        unchecked {
            // Counters of ballots and of members' votes, all far below 2^64.
            for (uint256 i = 0; i < ballots.length; ++i) {
                uint256 support = ballots[i].support;
                uint256 votes = voters[i] >> 32;
                uint256 number = uint32(voters[i]);
                BallotSkipReason reason;
                if (support > ABSTAIN) {
                    reason = BallotSkipReason.SupportInvalid;
                } else if (votes == 0) {
                    reason = BallotSkipReason.SignerWithoutVote;
                } else {
                    if (number >> 8 != word) {
                        if (word != type(uint256).max) words[word] = bits;
                        word = number >> 8;
                        bits = words[word];
                    }
                    uint256 bit = 1 << (number & 0xff);
                    if (bits & bit == 0) {
                        bits |= bit;
                        votesFor[support] += votes;
                        _addBallot(added, counted++, number << 40 | support << 32 | votes);
                        continue;
                    }
                    reason = BallotSkipReason.Repeated;
                }
                emit BallotSkipped(proposalId, i, signers[i], reason);
            }
        }
        if (counted == 0) return 0;
        words[word] = bits;
        Tally memory tally = _tallies[proposalId];
        tally.against += uint64(votesFor[AGAINST]);
        tally.inFavour += uint64(votesFor[FOR]);
        tally.abstain += uint64(votesFor[ABSTAIN]);
        _tallies[proposalId] = tally;
        assembly ("memory-safe") {
            mstore(added, mul(counted, BALLOT_BYTES)) // without the room of those that were skipped
        }
        emit BallotsCounted(proposalId, added);
    }

    /// @dev Zero for what nobody signed. Three digests serve all ballots.
    function _signersOf(uint256 proposalId, SignedBallot[] calldata ballots)
        private
        view
        returns (address[] memory signers)
    {
        bytes32[3] memory digests;
        for (uint8 support = 0; support <= ABSTAIN; ++support) {
            digests[support] = _ballotDigest(proposalId, support);
        }
        signers = new address[](ballots.length);
        unchecked {
            for (uint256 i = 0; i < ballots.length; ++i) {
                SignedBallot calldata ballot = ballots[i];
                if (ballot.support > ABSTAIN) continue;
                signers[i] = CompactSignature.recover(digests[ballot.support], ballot.r, ballot.vs);
            }
        }
    }

    function _ballotDigest(uint256 proposalId, uint8 support) private view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(MEMBER_BALLOT_TYPEHASH, proposalId, support)));
    }

    /// @dev Writes the lowest 9 bytes of `packed`, and zeros beyond, as ballot number `position`.
    function _addBallot(bytes memory added, uint256 position, uint256 packed) private pure {
        assembly ("memory-safe") {
            mstore(add(add(added, 0x20), mul(position, BALLOT_BYTES)), shl(184, packed))
        }
    }

    /// @dev One bit per member number; a member without a vote at the snapshot is told so instead of counting for nothing.
    function _countVote(uint256 proposalId, address account, uint8 support, uint256 weight, bytes memory)
        internal
        override
        returns (uint256)
    {
        if (weight == 0) revert VoterWithoutVote(account, proposalSnapshot(proposalId));
        uint256 number = membership.numberOf(account);
        uint256 bit = 1 << (number & 0xff);
        uint256 bits = _ballots[proposalId][number >> 8];
        if (bits & bit != 0) revert BallotRepeated(proposalId, account);
        _ballots[proposalId][number >> 8] = bits | bit;

        Tally memory tally = _tallies[proposalId];
        if (support == FOR) tally.inFavour += uint64(weight);
        else if (support == AGAINST) tally.against += uint64(weight);
        else if (support == ABSTAIN) tally.abstain += uint64(weight);
        else revert VoteTypeInvalid(support);
        _tallies[proposalId] = tally;
        return weight;
    }

    /// @inheritdoc IGovernor
    function hasVoted(uint256 proposalId, address account) external view returns (bool) {
        uint256 number = membership.memberOf(account).number; // + 1; 0 for who never joined
        if (number == 0) return false;
        --number;
        return _ballots[proposalId][number >> 8] >> (number & 0xff) & 1 != 0;
    }

    /// @notice Votes so far.
    function proposalVotes(uint256 proposalId)
        external
        view
        returns (uint256 against, uint256 inFavour, uint256 abstain)
    {
        Tally memory tally = _tallies[proposalId];
        return (tally.against, tally.inFavour, tally.abstain);
    }

    /// @inheritdoc IGovernor
    // solhint-disable-next-line func-name-mixedcase
    function COUNTING_MODE() external pure returns (string memory) {
        return "support=bravo&quorum=for,abstain";
    }

    function _quorumReached(uint256 proposalId) internal view override returns (bool) {
        Tally memory tally = _tallies[proposalId];
        return uint256(tally.inFavour) + tally.abstain >= quorum(proposalSnapshot(proposalId));
    }

    function _voteSucceeded(uint256 proposalId) internal view override returns (bool) {
        Tally memory tally = _tallies[proposalId];
        return tally.inFavour > tally.against;
    }

    function _getVotes(address account, uint256 timepoint, bytes memory) internal view override returns (uint256) {
        return membership.getPastVotes(account, timepoint);
    }

    /// @notice max(ceil(quorumPercent × active members / 100), quorumFloor). Rounded up: OpenZeppelin's fraction floors to 0.
    function quorum(uint256 timepoint) public view override returns (uint256) {
        uint256 share = Math.ceilDiv(membership.getPastTotalSupply(timepoint) * quorumPercent, 100);
        return Math.max(share, quorumFloor);
    }

    // -------------------------------------------------------------------------------------------------------- settings

    /// @notice The collective's name. (The EIP-712 domain's is "unwrapped-dao governor".)
    function name() public view override returns (string memory) {
        return _collectiveName;
    }

    /// @notice The membership token: where votes are read.
    function token() external view returns (address) {
        return address(membership);
    }

    function votingDelay() public view override returns (uint256) {
        return _votingDelay;
    }

    function votingPeriod() public view override returns (uint256) {
        return _votingPeriod;
    }

    /// @notice One vote is enough to propose, and needed.
    function proposalThreshold() public pure override returns (uint256) {
        return 1;
    }

    function clock() public view override returns (uint48) {
        return uint48(block.timestamp);
    }

    // solhint-disable-next-line func-name-mixedcase
    function CLOCK_MODE() public pure override returns (string memory) {
        return "mode=timestamp";
    }

    function _requireBounds(uint256 have, uint256 minimum, uint256 maximum) private pure {
        if (have < minimum || have > maximum) revert GovernorParameterOutOfBounds(have, minimum, maximum);
    }
}
