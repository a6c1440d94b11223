// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {IERC5805} from "@openzeppelin/contracts/interfaces/IERC5805.sol";

/// @title Who belongs, and who may vote
/// @notice A locked ERC-721 (ERC-5192), at most one per address. The token id is the *member number*: dense from 0,
/// for ever that address's, kept through leaving and restored by re-joining. It is also the member's leaf.
///
/// One active member, one vote, read by timestamp (EIP-5805, ERC-6372 `mode=timestamp`). Active means: not left, and at
/// least one live contribution. A vote counts at time `s` iff `activeAt + settling <= s` and the activity had not ended by `s`.
/// `getPastTotalSupply` counts without settling, so that a quorum only gets harder.
/// Re-joining (or contributing again) restarts `activeAt`; that can only take votes of the same member away from older snapshots.
///
/// | state     | join   | contribution | leave  |
/// |-----------|--------|--------------|--------|
/// | never     | joined | refused      | refused|
/// | joined    | refused| active       | left   |
/// | active    | refused| active       | left   |
/// | left      | joined/active again | refused | refused |
interface IMembershipToken is IERC721, IERC5805 {
    /// @notice One storage slot. Times are seconds since 1970; 0 means never.
    /// @param number Member number + 1; 0 for an address that never joined.
    /// @param joinedAt Last time the address joined or re-joined.
    /// @param activeAt Start of the present (or else the last) activity.
    /// @param inactiveAt End of the last activity; 0 while active.
    /// @param joins How often the address joined; the nonce of `Join` signatures.
    /// @param live Live contributions, over all scopes and epochs.
    /// @param flags Bits below.
    struct Member {
        uint32 number;
        uint40 joinedAt;
        uint40 activeAt;
        uint40 inactiveAt;
        uint16 joins;
        uint32 live;
        uint8 flags;
    }

    // Flag bits of `Member.flags`: only who uses a feature pays for it.
    // 1 left · 2 has a payout address · 4 delegates or delegated its vote · 8 received delegations
    // 16 is excluded from some sale (withdrew or opted out) · 32 has a recovery address (reserved)
    // 64 withdrew a contribution before sealing, so a tombstone may stand in the registry

    /// @notice A member's signed request to join or to leave, as part of a batch.
    /// @param expiry Seconds; as it was signed.
    /// @param r First half of the signature (64 bytes, EIP-2098, low s). @param vs Second half.
    struct SignedRequest {
        address member;
        uint64 expiry;
        bytes32 r;
        bytes32 vs;
    }

    /// @notice Why a request of a batch was not carried out. The others of its batch were.
    enum MembershipSkipReason {
        Expired,
        SignatureInvalid,
        AlreadyJoined,
        NotAMember,
        JoinsExhausted
    }

    event JoinSkipped(address indexed member, MembershipSkipReason reason);
    event LeaveSkipped(address indexed member, MembershipSkipReason reason);
    event MemberJoined(address indexed member, uint32 indexed number, uint16 joins);
    event MemberLeft(address indexed member, uint32 indexed number);
    event MemberActivated(address indexed member, uint32 indexed number);
    event MemberDeactivated(address indexed member, uint32 indexed number);
    event PayoutAddressSet(address indexed member, address payout);
    /// @dev ERC-5192.
    event Locked(uint256 tokenId);

    error MembershipLocked();
    error MemberUnknown(address account);
    error MemberAlreadyJoined(address account);
    error MemberHasLeft(address account);
    error MembershipCallerRefused(address caller);
    error MembershipSignatureExpired(uint64 expiry, uint256 now_);
    error MembershipSignatureInvalid(address expected, address recovered);
    error MembersFull(uint256 capacity);
    error DelegationOutsideMembership(address account);
    error DelegatorNotVoting(address account);

    /// @notice Join, or re-join with the old number. Caller: the member.
    function join() external returns (uint32 number);

    /// @notice Join for somebody who signed EIP-712 `Join(address member,uint16 joins,uint64 expiry)`; `joins` is the
    /// member's present counter, so a signature works once. Caller: anyone.
    function joinFor(address member, uint64 expiry, bytes calldata signature) external returns (uint32 number);

    /// @notice Join for many. Caller: anyone. A bad request is skipped with an event and never sinks the others.
    /// Reverts only when member numbers have run out. Not cheaper than `joinFor` below three members.
    /// @param requests EIP-712 `Join(address member,uint16 joins,uint64 expiry)` each, as for `joinFor`; at most 1,228.
    /// @return joined How many were carried out.
    function joinBatch(SignedRequest[] calldata requests) external returns (uint256 joined);

    /// @notice Leave for many. Caller: anyone. A bad request is skipped with an event and never sinks the others.
    /// @param requests EIP-712 `Leave(address member,uint16 joins,uint64 expiry)` each; `joins` is the member's present counter,
    /// so that a signature ends one membership and never a later one.
    /// @return left How many were carried out.
    function leaveBatch(SignedRequest[] calldata requests) external returns (uint256 left);

    /// @notice End the vote for later snapshots. Withdraws nothing; claiming, opting out and withdrawing go on working.
    function leave() external;

    /// @notice Where revenue of the caller is sent; zero means the member's own address.
    function setPayoutAddress(address payout) external;

    /// @notice Called by the registry when a contribution of a member who has not left becomes live (0 -> weight).
    /// @return number The member number. @return flags Of the member.
    function contributionAdded(address member) external returns (uint32 number, uint8 flags);

    /// @notice The same for many members, each of whom the registry found present in `standings`. Caller: the registry.
    function contributionsAdded(address[] calldata members) external;

    /// @notice Called by the registry when a live contribution was withdrawn before sealing.
    function contributionRemoved(address member) external;

    /// @notice Called by registry (withdrawal after sealing) and market (opt-out): from now on this member's claims look for exclusions.
    function markExcluded(address member) external;

    /// @notice The same for many accounts, of which some may have never joined: those are left alone. Caller: the market.
    /// Marking a member who turns out not to be excluded costs it gas in its claims, and nothing else.
    /// @return numbers Member number of each, 2^32 - 1 for who never joined.
    function markAllExcluded(address[] calldata accounts) external returns (uint256[] memory numbers);

    function memberOf(address account) external view returns (Member memory);

    /// @notice Of each account: member number + 1 in bits 0 to 31 (0: never joined), `Member.flags` in bits 32 to 39.
    function standings(address[] calldata accounts) external view returns (uint256[] memory);

    /// @notice Of each account: member number in bits 0 to 31, votes at the end of second `timepoint` above them. Zero for who
    /// has no vote there. Reverts for the present second and later.
    function votersAt(address[] calldata accounts, uint256 timepoint) external view returns (uint256[] memory);

    /// @notice The member number (leaf). Reverts `MemberUnknown` for an address that never joined; works after leaving.
    function numberOf(address account) external view returns (uint32);

    /// @notice The address a number belongs to, also after leaving. Reverts `MemberUnknown(0)` for a number never assigned.
    function addressOf(uint32 number) external view returns (address);

    /// @notice (number, where money goes, whether any exclusion was ever recorded). Reverts `MemberUnknown`.
    function claimant(address account) external view returns (uint32 number, address payout, bool everExcluded);

    /// @notice Member numbers ever assigned.
    function membersEver() external view returns (uint32);

    /// @notice Active members now.
    function activeMembers() external view returns (uint256);

    /// @notice ERC-5192: always true for a number that exists.
    function locked(uint256 tokenId) external view returns (bool);

    /// @notice Seconds between a member's activation and its first vote.
    function settling() external view returns (uint40);
}
