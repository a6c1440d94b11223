// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title Membership as the money and the votes see it, every answer settable
contract MembershipDouble {
    struct Entry {
        uint32 numberPlusOne;
        address payout;
        bool everExcluded;
        uint256 votes;
    }

    error MemberUnknown(address account);

    mapping(address account => Entry) private _entries;
    uint256 public activeMembers;
    uint256 public supply;
    uint32 public membersEver;

    function add(address account) external returns (uint32 number) {
        number = membersEver++;
        _entries[account] = Entry(number + 1, account, false, 1);
        activeMembers += 1;
        supply += 1;
    }

    function setPayout(address account, address payout) external {
        _entries[account].payout = payout;
    }

    function markExcluded(address account) external {
        _entries[account].everExcluded = true;
    }

    function setVotes(address account, uint256 votes) external {
        _entries[account].votes = votes;
    }

    function setActive(uint256 active, uint256 supply_) external {
        (activeMembers, supply) = (active, supply_);
    }

    function claimant(address account) external view returns (uint32, address, bool) {
        return (numberOf(account), _entries[account].payout, _entries[account].everExcluded);
    }

    function numberOf(address account) public view returns (uint32) {
        if (_entries[account].numberPlusOne == 0) revert MemberUnknown(account);
        return _entries[account].numberPlusOne - 1;
    }

    function getPastVotes(address account, uint256) external view returns (uint256) {
        return _entries[account].votes;
    }

    function getPastTotalSupply(uint256) external view returns (uint256) {
        return supply;
    }
}
