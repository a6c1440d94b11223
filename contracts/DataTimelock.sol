// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

import {IMembershipToken} from "./interfaces/IMembershipToken.sol";

/// @title The delay between a vote and its effect
/// @notice OpenZeppelin's TimelockController with every power removed but one: the governor schedules, anyone executes. There is no
/// admin (not even itself), no canceller, and the delay is constant, so nothing that was voted can be stopped or hurried, and
/// nobody can be given a role. It also refuses to execute while the collective has too few active members.
contract DataTimelock is TimelockController {
    IMembershipToken public immutable membership;
    uint256 public immutable minimumActive;

    error TimelockDelayConstant();
    error TimelockTakesNoEther();
    error TimelockTakesNoTokens();
    error ActiveMembersTooFew(uint256 have, uint256 needed);

    /// @param delay Seconds between queueing and execution; at least the opt-out window (the governor's constructor checks it).
    /// @param minimumActive_ Below this many active members nothing executes.
    constructor(uint256 delay, address governor_, address membership_, uint256 minimumActive_)
        TimelockController(delay, _only(governor_), _only(address(0)), address(0))
    {
        membership = IMembershipToken(membership_);
        minimumActive = minimumActive_;
        _revokeRole(CANCELLER_ROLE, governor_);
        _revokeRole(DEFAULT_ADMIN_ROLE, address(this));
    }

    modifier whenEnoughActive() {
        uint256 active = membership.activeMembers();
        if (active < minimumActive) revert ActiveMembersTooFew(active, minimumActive);
        _;
    }

    /// @inheritdoc TimelockController
    function execute(address target, uint256 value, bytes calldata payload, bytes32 predecessor, bytes32 salt)
        public
        payable
        override
        whenEnoughActive
    {
        if (msg.value != 0) revert TimelockTakesNoEther();
        super.execute(target, value, payload, predecessor, salt);
    }

    /// @inheritdoc TimelockController
    function executeBatch(
        address[] calldata targets,
        uint256[] calldata values,
        bytes[] calldata payloads,
        bytes32 predecessor,
        bytes32 salt
    ) public payable override whenEnoughActive {
        if (msg.value != 0) revert TimelockTakesNoEther();
        super.executeBatch(targets, values, payloads, predecessor, salt);
    }

    /// @notice Disabled: the delay never changes.
    function updateDelay(uint256) external pure override {
        revert TimelockDelayConstant();
    }

    receive() external payable override {
        revert TimelockTakesNoEther();
    }

    /// @notice Refused: a token sent here could never leave again.
    function onERC721Received(address, address, uint256, bytes memory) public pure override returns (bytes4) {
        revert TimelockTakesNoTokens();
    }

    /// @notice Refused, as above.
    function onERC1155Received(address, address, uint256, uint256, bytes memory) public pure override returns (bytes4) {
        revert TimelockTakesNoTokens();
    }

    /// @notice Refused, as above.
    function onERC1155BatchReceived(address, address, uint256[] memory, uint256[] memory, bytes memory)
        public
        pure
        override
        returns (bytes4)
    {
        revert TimelockTakesNoTokens();
    }

    function _only(address account) private pure returns (address[] memory accounts) {
        accounts = new address[](1);
        accounts[0] = account;
    }
}
