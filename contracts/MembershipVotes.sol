// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";
import {IMembershipToken} from "./interfaces/IMembershipToken.sol";
import {CountTrace} from "./libraries/CountTrace.sol";

/// @title One active member, one vote
/// @notice The half of the membership that a governor reads. A vote needs no checkpoint: the three times in a member's
/// slot say when it began and ended. Only delegation keeps traces, and only those who delegate write them.
/// @dev Why one vote counts once: at any second `s` either the member's own trace is empty, and the vote is the
/// member's, or it names one delegatee, whose received count holds it. Both change in the same call, in `_moveVote`.
abstract contract MembershipVotes is IMembershipToken, EIP712, Nonces {
    using Checkpoints for Checkpoints.Trace208;
    using CountTrace for CountTrace.Trace;

    /// @dev OpenZeppelin's name, so that its callers decode it.
    error ERC5805FutureLookup(uint256 timepoint, uint48 clock);

    uint8 internal constant LEFT = 1;
    uint8 internal constant HAS_PAYOUT = 2;
    uint8 internal constant DELEGATED = 4;
    uint8 internal constant DELEGATEE = 8;
    uint8 internal constant EXCLUDED = 16;
    uint8 internal constant WITHDREW = 64;

    bytes32 private constant DELEGATION_TYPE =
        keccak256("Delegation(address delegatee,uint256 nonce,uint256 expiry)");

    /// @inheritdoc IMembershipToken
    uint40 public immutable override settling;

    /// @dev Read and written as a whole by `_load` and `_store`.
    mapping(address account => Member) private _members;

    /// @dev Active members through time; its neighbour in the head slot counts the member numbers ever assigned.
    CountTrace.Trace internal _active;

    /// @dev To whom a member's vote went, as uint160; 0: it is the member's own. Read only under DELEGATED.
    mapping(address account => Checkpoints.Trace208) private _delegated;

    /// @dev How many votes a member holds for others. Read only under DELEGATEE.
    mapping(address account => Checkpoints.Trace208) private _received;

    constructor(uint40 settling_) EIP712("unwrapped-dao membership", "1") {
        settling = settling_;
    }

    // ------------------------------------------------------------------ clock

    function clock() public view override returns (uint48) {
        return uint48(block.timestamp);
    }

    // solhint-disable-next-line func-name-mixedcase
    function CLOCK_MODE() external pure override returns (string memory) {
        return "mode=timestamp";
    }

    // ------------------------------------------------------------------ votes

    /// @notice Votes `account` could cast this second: its own, if it did not delegate it, and those it received.
    function getVotes(address account) external view override returns (uint256) {
        return _votesAt(account, block.timestamp);
    }

    /// @notice Votes of `account` at the end of second `timepoint`. Reverts for the present second and later.
    function getPastVotes(address account, uint256 timepoint) external view override returns (uint256) {
        _requirePast(timepoint);
        return _votesAt(account, timepoint);
    }

    /// @inheritdoc IMembershipToken
    function votersAt(address[] calldata accounts, uint256 timepoint)
        external
        view
        override
        returns (uint256[] memory voters)
    {
        _requirePast(timepoint);
        voters = new uint256[](accounts.length);
        unchecked {
            // Sums of numbers of at most 48 bits; a number is read where there is a vote, so it is not 0.
            for (uint256 i; i < accounts.length; ++i) {
                uint256 word = _word(accounts[i]);
                uint256 activeAt = uint40(word >> 72);
                uint256 inactiveAt = uint40(word >> 112);
                // `_isVoting`, of the word as it is.
                if (activeAt == 0 || activeAt + settling > timepoint) continue;
                if (inactiveAt != 0 && inactiveAt <= timepoint) continue;
                bool delegation = uint8(word >> 200) & (DELEGATED | DELEGATEE) != 0;
                uint256 votes = delegation ? _votesAt(accounts[i], timepoint) : 1;
                if (votes != 0) voters[i] = votes << 32 | uint32(word) - 1;
            }
        }
    }

    /// @inheritdoc IMembershipToken
    function standings(address[] calldata accounts) external view override returns (uint256[] memory found) {
        found = new uint256[](accounts.length);
        unchecked {
            for (uint256 i; i < accounts.length; ++i) {
                uint256 word = _word(accounts[i]);
                found[i] = uint32(word) | uint256(uint8(word >> 200)) << 32;
            }
        }
    }

    /// @notice Active members at the end of second `timepoint`, settled or not.
    function getPastTotalSupply(uint256 timepoint) external view override returns (uint256) {
        _requirePast(timepoint);
        return _active.at(timepoint);
    }

    /// @inheritdoc IMembershipToken
    function activeMembers() external view override returns (uint256) {
        return _active.latest();
    }

    // ------------------------------------------------------------- delegation

    /// @notice Who holds the vote of `account`: the account itself, if it is a member that did not delegate; zero for
    /// who never joined.
    function delegates(address account) public view override returns (address) {
        Member memory member = _load(account);
        if (member.number == 0) return address(0);
        address delegatee = _delegatee(account, member.flags);
        return delegatee == address(0) ? account : delegatee;
    }

    /// @notice Give the caller's vote to another member, from this second on, until the caller takes it back
    /// (`delegatee` = caller), leaves, or has no live contribution any more. Votes received from others stay.
    /// Caller: a member that votes now. Not checked: that the delegatee votes; while it does not, neither do its votes.
    function delegate(address delegatee) external override {
        _delegate(msg.sender, delegatee);
    }

    /// @notice The same for somebody who signed EIP-712 `Delegation(address delegatee,uint256 nonce,uint256 expiry)`.
    function delegateBySig(address delegatee, uint256 nonce, uint256 expiry, uint8 v, bytes32 r, bytes32 s)
        external
        override
    {
        if (block.timestamp > expiry) revert VotesExpiredSignature(expiry);
        bytes32 digest = _hashTypedDataV4(keccak256(abi.encode(DELEGATION_TYPE, delegatee, nonce, expiry)));
        address signer = ECDSA.recover(digest, v, r, s);
        _useCheckedNonce(signer, nonce);
        _delegate(signer, delegatee);
    }

    function _delegate(address account, address delegatee) private {
        if (!_isVoting(_load(account), block.timestamp)) revert DelegatorNotVoting(account);
        Member memory other = _load(delegatee);
        if (other.number == 0 || other.flags & LEFT != 0) revert DelegationOutsideMembership(delegatee);

        address previous = delegates(account);
        emit DelegateChanged(account, previous, delegatee);
        if (previous != delegatee) _moveVote(account, previous, delegatee);
    }

    /// @dev Called when a member's activity ends.
    function _takeVoteBack(address account, uint8 flags) internal {
        address delegatee = _delegatee(account, flags);
        if (delegatee == address(0)) return;
        emit DelegateChanged(account, delegatee, account);
        _moveVote(account, delegatee, account);
    }

    /// @dev `from` and `to` differ; each is the account itself or a delegatee.
    function _moveVote(address account, address from, address to) private {
        uint256 fromBefore = _votesAt(from, block.timestamp);
        uint256 toBefore = _votesAt(to, block.timestamp);

        _members[account].flags |= DELEGATED;
        _delegated[account].push(clock(), to == account ? 0 : uint160(to));
        if (from != account) _received[from].push(clock(), _received[from].latest() - 1);
        if (to != account) {
            _members[to].flags |= DELEGATEE;
            _received[to].push(clock(), _received[to].latest() + 1);
        }

        _announceVotes(from, fromBefore);
        _announceVotes(to, toBefore);
    }

    /// @dev Settling passes without a transaction, so these events do not tell of votes that time alone began.
    function _announceVotes(address account, uint256 before) private {
        uint256 votes = _votesAt(account, block.timestamp);
        if (votes != before) emit DelegateVotesChanged(account, before, votes);
    }

    // ---------------------------------------------------------------- storage

    /// @dev One read. The compiler would read the slot once for each field. Memory holds one word per field, in order.
    function _load(address account) internal view returns (Member memory member) {
        Member storage slot = _members[account];
        assembly ("memory-safe") {
            let word := sload(slot.slot)
            mstore(member, and(word, 0xffffffff)) // number
            mstore(add(member, 0x20), and(shr(32, word), 0xffffffffff)) // joinedAt
            mstore(add(member, 0x40), and(shr(72, word), 0xffffffffff)) // activeAt
            mstore(add(member, 0x60), and(shr(112, word), 0xffffffffff)) // inactiveAt
            mstore(add(member, 0x80), and(shr(152, word), 0xffff)) // joins
            mstore(add(member, 0xa0), and(shr(168, word), 0xffffffff)) // live
            mstore(add(member, 0xc0), and(shr(200, word), 0xff)) // flags
        }
    }

    /// @dev The slot as it lies in storage, fields as in `_load`.
    function _word(address account) internal view returns (uint256 word) {
        Member storage slot = _members[account];
        assembly ("memory-safe") {
            word := sload(slot.slot)
        }
    }

    /// @dev One write, in the layout the compiler gives `Member`. Fields in memory are clean: they were written as
    /// fields, or by `_load`.
    function _store(address account, Member memory member) internal {
        Member storage slot = _members[account];
        assembly ("memory-safe") {
            let word := or(mload(member), shl(32, mload(add(member, 0x20))))
            word := or(word, shl(72, mload(add(member, 0x40))))
            word := or(word, shl(112, mload(add(member, 0x60))))
            word := or(word, shl(152, mload(add(member, 0x80))))
            word := or(word, shl(168, mload(add(member, 0xa0))))
            sstore(slot.slot, or(word, shl(200, mload(add(member, 0xc0)))))
        }
    }

    /// @dev Sets a flag of a member, in one look at its slot; leaves who never joined alone.
    /// @return numberPlusOne Member number + 1; 0 for who never joined.
    function _setFlag(address account, uint8 flag) internal returns (uint256 numberPlusOne) {
        Member storage slot = _members[account];
        assembly ("memory-safe") {
            let word := sload(slot.slot)
            let marked := or(word, shl(200, flag))
            numberPlusOne := and(word, 0xffffffff)
            if and(iszero(iszero(numberPlusOne)), iszero(eq(word, marked))) { sstore(slot.slot, marked) }
        }
    }

    function _storeFlags(address account, uint8 flags) internal {
        _members[account].flags = flags;
    }

    // ---------------------------------------------------------------- reading

    /// @dev Zero while the vote is the account's own.
    function _delegatee(address account, uint8 flags) private view returns (address) {
        return flags & DELEGATED == 0 ? address(0) : address(uint160(_delegated[account].latest()));
    }

    function _votesAt(address account, uint256 time) private view returns (uint256 votes) {
        Member memory member = _load(account);
        if (!_isVoting(member, time)) return 0;
        if (member.flags & DELEGATED == 0 || _delegated[account].upperLookupRecent(uint48(time)) == 0) votes = 1;
        if (member.flags & DELEGATEE != 0) votes += _received[account].upperLookupRecent(uint48(time));
    }

    /// @dev Settled by `time`, and the activity had not ended by then.
    function _isVoting(Member memory member, uint256 time) private view returns (bool) {
        return member.activeAt != 0 && uint256(member.activeAt) + settling <= time
            && (member.inactiveAt == 0 || member.inactiveAt > time);
    }

    function _requirePast(uint256 timepoint) private view {
        if (timepoint >= block.timestamp) revert ERC5805FutureLookup(timepoint, clock());
    }
}
