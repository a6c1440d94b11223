// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {GovernorTimelockControl} from "@openzeppelin/contracts/governance/extensions/GovernorTimelockControl.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IDataGovernor} from "./interfaces/IDataGovernor.sol";
import {IMembershipToken} from "./interfaces/IMembershipToken.sol";
import {CompactSignature} from "./libraries/CompactSignature.sol";

/// @title Ballots: one member, one vote, counted once however it comes
/// @dev One bit per member number in words of 256, one packed tally slot per proposal; all ways of voting share both.
abstract contract GovernorBallots is GovernorTimelockControl, IDataGovernor {
    /// @dev One slot. A vote is one member, so 64 bits are plenty.
    struct Tally {
        uint64 against;
        uint64 inFavour;
        uint64 abstain;
    }

    bytes32 public constant MEMBER_BALLOT_TYPEHASH = keccak256("Ballot(uint256 proposalId,uint8 support)");

    uint8 private constant AGAINST = 0;
    uint8 private constant FOR = 1;
    uint8 private constant ABSTAIN = 2;

    /// @dev Of a ballot in `BallotsCounted`.
    uint256 private constant BALLOT_BYTES = 9;

    uint256 private constant SMALLEST_QUORUM_FLOOR = 3;

    IMembershipToken public immutable membership;
    uint256 public immutable quorumPercent;
    uint256 public immutable quorumFloor;

    mapping(uint256 proposalId => Tally) private _tallies;
    mapping(uint256 proposalId => mapping(uint256 word => uint256 bits)) private _ballots;

    error VoteTypeInvalid(uint8 support);
    error BallotRepeated(uint256 proposalId, address voter);
    error VoterWithoutVote(address voter, uint256 snapshot);
    error BallotSignatureInvalid(address voter);

    constructor(address membership_, uint256 quorumPercent_, uint256 quorumFloor_) {
        _requireBounds(quorumPercent_, 1, 100);
        _requireBounds(quorumFloor_, SMALLEST_QUORUM_FLOOR, type(uint64).max);
        membership = IMembershipToken(membership_);
        quorumPercent = quorumPercent_;
        quorumFloor = quorumFloor_;
    }

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

    /// @notice Disabled: a signed ballot is `Ballot(uint256 proposalId,uint8 support)`.
    function castVoteWithReasonAndParamsBySig(uint256, uint8, address, string calldata, bytes memory, bytes memory)
        public
        pure
        override
        returns (uint256)
    {
        revert GovernorFunctionDisabled();
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

    /// @notice The membership token: where votes are read.
    function token() external view returns (address) {
        return address(membership);
    }

    function clock() public view override returns (uint48) {
        return uint48(block.timestamp);
    }

    // solhint-disable-next-line func-name-mixedcase
    function CLOCK_MODE() public pure override returns (string memory) {
        return "mode=timestamp";
    }

    function _getVotes(address account, uint256 timepoint, bytes memory) internal view override returns (uint256) {
        return membership.getPastVotes(account, timepoint);
    }

    /// @notice max(ceil(quorumPercent × active members / 100), quorumFloor). Rounded up: OpenZeppelin's fraction floors to 0.
    function quorum(uint256 timepoint) public view override returns (uint256) {
        uint256 share = Math.ceilDiv(membership.getPastTotalSupply(timepoint) * quorumPercent, 100);
        return Math.max(share, quorumFloor);
    }

    function _requireBounds(uint256 have, uint256 minimum, uint256 maximum) internal pure {
        if (have < minimum || have > maximum) revert GovernorParameterOutOfBounds(have, minimum, maximum);
    }
}
