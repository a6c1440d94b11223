// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {IERC6372} from "@openzeppelin/contracts/interfaces/IERC6372.sol";
import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {IERC721Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {IMembershipToken} from "./interfaces/IMembershipToken.sol";
import {MembershipVotes} from "./MembershipVotes.sol";
import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";
import {CodeBlob} from "./libraries/CodeBlob.sol";
import {CompactSignature} from "./libraries/CompactSignature.sol";
import {CountTrace} from "./libraries/CountTrace.sol";

/// @title Who belongs
/// @notice See IMembershipToken for the state table. Votes and delegation are in MembershipVotes.
/// @dev Storage of a member: one slot here, one for the owner of its number. Nothing is ever deleted but a payout address.
contract MembershipToken is MembershipVotes, IERC721Errors {
    using Checkpoints for Checkpoints.Trace208;
    using CountTrace for CountTrace.Trace;

    bytes32 private constant JOIN_TYPE = keccak256("Join(address member,uint16 joins,uint64 expiry)");
    bytes32 private constant LEAVE_TYPE = keccak256("Leave(address member,uint16 joins,uint64 expiry)");

    /// @dev Of an owner in the blob of a batch.
    uint256 private constant OWNER_BYTES = 20;

    /// @dev https://eips.ethereum.org/EIPS/eip-5192
    bytes4 private constant ERC5192_ID = 0xb45a3c0e;

    /// @notice May add and remove contributions, and mark exclusions.
    address public immutable registry;
    /// @notice May mark exclusions.
    address public immutable market;

    /// @dev Also of numbers whose member has left. Those who joined in a batch are in `_batches`.
    mapping(uint256 number => address) private _owners;
    /// @dev Keys are the first numbers of batches; a value is that number again and, in the lowest 160 bits, the blob
    /// (CodeBlob) that lists the batch's new members in order of number.
    Checkpoints.Trace208 private _batches;
    mapping(address account => address) private _payouts;

    constructor(address registry_, address market_, uint40 settling_) MembershipVotes(settling_) {
        registry = registry_;
        market = market_;
    }

    // -------------------------------------------------------- join and leave

    /// @inheritdoc IMembershipToken
    function join() external override returns (uint32 number) {
        return _join(msg.sender, _load(msg.sender));
    }

    /// @inheritdoc IMembershipToken
    function joinFor(address member, uint64 expiry, bytes calldata signature)
        external
        override
        returns (uint32 number)
    {
        if (block.timestamp > expiry) revert MembershipSignatureExpired(expiry, block.timestamp);
        Member memory present = _load(member);
        bytes32 digest = _hashTypedDataV4(keccak256(abi.encode(JOIN_TYPE, member, present.joins, expiry)));
        (bool ok, address signer) = CompactSignature.isBy(digest, signature, member);
        if (!ok) revert MembershipSignatureInvalid(member, signer);
        return _join(member, present);
    }

    /// @dev `member` is the stored state of `account`. `joins` never wraps: the 65,536th join reverts, since a counter
    /// that started again would let old signatures in.
    function _join(address account, Member memory member) private returns (uint32 number) {
        if (member.number == 0) {
            number = _active.neighbour();
            if (number == type(uint32).max) revert MembersFull(number);
            _active.setNeighbour(number + 1);
            _owners[number] = account;
        } else {
            if (member.flags & LEFT == 0) revert MemberAlreadyJoined(account);
            number = member.number - 1;
        }
        if (_enter(account, member, number)) _active.change(true);
    }

    /// @dev All of joining but the number: its owner, and the counts of members.
    /// @return active Whether it comes back with live contributions.
    function _enter(address account, Member memory member, uint32 number) private returns (bool active) {
        member.number = number + 1;
        member.flags &= ~LEFT;
        member.joinedAt = uint40(block.timestamp);
        member.joins += 1;
        active = member.live != 0;
        if (active) _startActivity(account, member);
        _store(account, member);

        emit Transfer(address(0), account, number);
        emit Locked(number);
        emit MemberJoined(account, number, member.joins);
    }

    /// @inheritdoc IMembershipToken
    function joinBatch(SignedRequest[] calldata requests) external override returns (uint256 joined) {
        uint256 first = _active.neighbour();
        uint256 next = first;
        uint32 active;
        bytes memory owners = new bytes(requests.length * OWNER_BYTES + 32); // owners are written as whole words
        for (uint256 i; i < requests.length; ++i) {
            address account = requests[i].member;
            Member memory member = _load(account);
            if (member.number != 0 && member.flags & LEFT == 0) {
                emit JoinSkipped(account, MembershipSkipReason.AlreadyJoined);
                continue;
            }
            if (member.joins == type(uint16).max) {
                emit JoinSkipped(account, MembershipSkipReason.JoinsExhausted);
                continue;
            }
            (bool ok, MembershipSkipReason reason) = _judge(JOIN_TYPE, requests[i], member.joins);
            if (!ok) {
                emit JoinSkipped(account, reason);
                continue;
            }
            uint256 number = member.number;
            if (number == 0) {
                if (next == type(uint32).max) revert MembersFull(next);
                _writeOwner(owners, next - first, account);
                number = ++next;
            }
            unchecked {
                if (_enter(account, member, uint32(number - 1))) ++active;
                ++joined;
            }
        }
        if (active != 0) _active.change(active, true);
        if (next != first) {
            assembly ("memory-safe") {
                mstore(owners, mul(sub(next, first), OWNER_BYTES)) // without the room of those that got no new number
            }
            _active.setNeighbour(uint32(next));
            _batches.push(uint48(first), uint208(first << 160 | uint160(CodeBlob.write(owners))));
        }
    }

    /// @dev Writes an owner, and zeros beyond, as number `position` of the list.
    function _writeOwner(bytes memory owners, uint256 position, address account) private pure {
        assembly ("memory-safe") {
            mstore(add(add(owners, 0x20), mul(position, OWNER_BYTES)), shl(96, account))
        }
    }

    /// @dev Whether a signed request is to be carried out; `reason` if not.
    function _judge(bytes32 requestType, SignedRequest calldata request, uint16 joins)
        private
        view
        returns (bool ok, MembershipSkipReason reason)
    {
        if (block.timestamp > request.expiry) return (false, MembershipSkipReason.Expired);
        bytes32 digest =
            _hashTypedDataV4(keccak256(abi.encode(requestType, request.member, joins, request.expiry)));
        address signer = CompactSignature.recover(digest, request.r, request.vs);
        ok = signer == request.member && signer != address(0);
        reason = MembershipSkipReason.SignatureInvalid;
    }

    /// @inheritdoc IMembershipToken
    function leave() external override {
        if (_leave(msg.sender, _present(msg.sender))) _active.change(false);
    }

    /// @inheritdoc IMembershipToken
    function leaveBatch(SignedRequest[] calldata requests) external override returns (uint256 left) {
        uint32 ended;
        for (uint256 i; i < requests.length; ++i) {
            address account = requests[i].member;
            Member memory member = _load(account);
            if (member.number == 0 || member.flags & LEFT != 0) {
                emit LeaveSkipped(account, MembershipSkipReason.NotAMember);
                continue;
            }
            (bool ok, MembershipSkipReason reason) = _judge(LEAVE_TYPE, requests[i], member.joins);
            if (!ok) {
                emit LeaveSkipped(account, reason);
                continue;
            }
            unchecked {
                if (_leave(account, member)) ++ended;
                ++left;
            }
        }
        if (ended != 0) _active.change(ended, false);
    }

    /// @dev All of leaving but the count of active members.
    /// @return wasActive Whether that count changes.
    function _leave(address account, Member memory member) private returns (bool wasActive) {
        wasActive = member.live != 0;
        member.flags |= LEFT;
        if (wasActive) member.inactiveAt = uint40(block.timestamp);
        _store(account, member);
        if (wasActive) _endActivity(account, member);

        emit Transfer(account, address(0), member.number - 1);
        emit MemberLeft(account, member.number - 1);
    }

    // -------------------------------------------------------------- activity

    /// @inheritdoc IMembershipToken
    function contributionAdded(address account) external override returns (uint32 number, uint8 flags) {
        if (msg.sender != registry) revert MembershipCallerRefused(msg.sender);
        Member memory member = _present(account);
        if (_addContribution(account, member)) _active.change(true);
        return (member.number - 1, member.flags);
    }

    /// @inheritdoc IMembershipToken
    function contributionsAdded(address[] calldata accounts) external override {
        if (msg.sender != registry) revert MembershipCallerRefused(msg.sender);
        uint32 active;
        for (uint256 i; i < accounts.length; ++i) {
            if (_addContribution(accounts[i], _present(accounts[i]))) ++active;
        }
        if (active != 0) _active.change(active, true);
    }

    /// @return isFirst Whether the member becomes active.
    function _addContribution(address account, Member memory member) private returns (bool isFirst) {
        member.live += 1;
        isFirst = member.live == 1;
        if (isFirst) _startActivity(account, member);
        _store(account, member);
    }

    /// @inheritdoc IMembershipToken
    function contributionRemoved(address account) external override {
        if (msg.sender != registry) revert MembershipCallerRefused(msg.sender);
        Member memory member = _known(account);
        member.live -= 1;
        member.flags |= WITHDREW;
        bool ended = member.live == 0 && member.flags & LEFT == 0;
        if (ended) member.inactiveAt = uint40(block.timestamp);
        _store(account, member);
        if (ended) {
            _active.change(false);
            _endActivity(account, member);
        }
    }

    /// @inheritdoc IMembershipToken
    function markExcluded(address account) external override {
        if (msg.sender != registry && msg.sender != market) revert MembershipCallerRefused(msg.sender);
        if (_setFlag(account, EXCLUDED) == 0) revert MemberUnknown(account);
    }

    /// @inheritdoc IMembershipToken
    function markAllExcluded(address[] calldata accounts) external override returns (uint256[] memory numbers) {
        if (msg.sender != market) revert MembershipCallerRefused(msg.sender);
        numbers = new uint256[](accounts.length);
        unchecked {
            // 2^32 - 1 for who never joined.
            for (uint256 i; i < accounts.length; ++i) numbers[i] = uint32(_setFlag(accounts[i], EXCLUDED) - 1);
        }
    }

    /// @dev Changes `member` in memory; the caller stores it, and counts it as active.
    function _startActivity(address account, Member memory member) private {
        member.activeAt = uint40(block.timestamp);
        member.inactiveAt = 0;
        emit MemberActivated(account, member.number - 1);
    }

    /// @dev After `member` was stored, since giving a delegated vote back writes its flags. The caller counts it as inactive.
    function _endActivity(address account, Member memory member) private {
        _takeVoteBack(account, member.flags);
        emit MemberDeactivated(account, member.number - 1);
    }

    // ----------------------------------------------------------------- money

    /// @inheritdoc IMembershipToken
    function setPayoutAddress(address payout) external override {
        Member memory member = _known(msg.sender);
        _payouts[msg.sender] = payout;
        _storeFlags(
            msg.sender, payout == address(0) ? member.flags & ~HAS_PAYOUT : member.flags | HAS_PAYOUT
        );
        emit PayoutAddressSet(msg.sender, payout);
    }

    /// @inheritdoc IMembershipToken
    function claimant(address account)
        external
        view
        override
        returns (uint32 number, address payout, bool everExcluded)
    {
        uint256 flags;
        (number, flags) = _numberAndFlags(account);
        payout = flags & HAS_PAYOUT == 0 ? account : _payouts[account];
        everExcluded = flags & EXCLUDED != 0;
    }

    // --------------------------------------------------------------- reading

    /// @inheritdoc IMembershipToken
    function memberOf(address account) external view override returns (Member memory) {
        return _load(account);
    }

    /// @inheritdoc IMembershipToken
    function numberOf(address account) external view override returns (uint32 number) {
        (number,) = _numberAndFlags(account);
    }

    /// @inheritdoc IMembershipToken
    function addressOf(uint32 number) external view override returns (address account) {
        account = _ownerOf(number);
        if (account == address(0)) revert MemberUnknown(account);
    }

    /// @dev Zero for a number never assigned.
    function _ownerOf(uint256 number) private view returns (address account) {
        account = _owners[number];
        if (account != address(0) || number >= _active.neighbour()) return account;
        // Not assigned alone, so by the last batch that began at or before it.
        uint256 batch = _batches.upperLookup(uint48(number));
        bytes memory owners = CodeBlob.read(address(uint160(batch)));
        uint256 place = number - (batch >> 160);
        assembly ("memory-safe") {
            account := shr(96, mload(add(add(owners, 0x20), mul(place, OWNER_BYTES))))
        }
    }

    /// @inheritdoc IMembershipToken
    function membersEver() external view override returns (uint32) {
        return _active.neighbour();
    }

    // ------------------------------------------------- ERC-721, ERC-5192, ERC-165

    /// @notice 1 for a member that has not left, else 0.
    function balanceOf(address owner) external view override returns (uint256) {
        if (owner == address(0)) revert ERC721InvalidOwner(owner);
        Member memory member = _load(owner);
        return member.number != 0 && member.flags & LEFT == 0 ? 1 : 0;
    }

    /// @notice The member of a number. Reverts after it has left; `addressOf` does not.
    function ownerOf(uint256 tokenId) public view override returns (address owner) {
        owner = _ownerOf(tokenId);
        if (owner == address(0) || _load(owner).flags & LEFT != 0) revert ERC721NonexistentToken(tokenId);
    }

    /// @inheritdoc IMembershipToken
    function locked(uint256 tokenId) external view override returns (bool) {
        ownerOf(tokenId);
        return true;
    }

    /// @notice Nobody can be approved.
    function getApproved(uint256 tokenId) external view override returns (address) {
        ownerOf(tokenId);
        return address(0);
    }

    /// @notice Nobody can be approved.
    function isApprovedForAll(address, address) external pure override returns (bool) {
        return false;
    }

    function approve(address, uint256) external pure override {
        revert MembershipLocked();
    }

    function setApprovalForAll(address, bool) external pure override {
        revert MembershipLocked();
    }

    function transferFrom(address, address, uint256) external pure override {
        revert MembershipLocked();
    }

    function safeTransferFrom(address, address, uint256) external pure override {
        revert MembershipLocked();
    }

    function safeTransferFrom(address, address, uint256, bytes calldata) external pure override {
        revert MembershipLocked();
    }

    function supportsInterface(bytes4 interfaceId) external pure override returns (bool) {
        return interfaceId == type(IERC165).interfaceId || interfaceId == type(IERC721).interfaceId
            || interfaceId == ERC5192_ID || interfaceId == type(IVotes).interfaceId
            || interfaceId == type(IERC6372).interfaceId;
    }

    // --------------------------------------------------------------- private

    /// @dev Of anybody who ever joined.
    function _known(address account) private view returns (Member memory member) {
        member = _load(account);
        if (member.number == 0) revert MemberUnknown(account);
    }

    /// @dev `_known` for claims and ballots, which need two of its seven fields and pay for each in memory.
    function _numberAndFlags(address account) private view returns (uint32 number, uint256 flags) {
        uint256 word = _word(account);
        number = uint32(word);
        if (number == 0) revert MemberUnknown(account);
        unchecked {
            return (number - 1, uint8(word >> 200));
        }
    }

    /// @dev Of who joined and has not left.
    function _present(address account) private view returns (Member memory member) {
        member = _known(account);
        if (member.flags & LEFT != 0) revert MemberHasLeft(account);
    }
}
