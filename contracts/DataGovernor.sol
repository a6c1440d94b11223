// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Governor} from "@openzeppelin/contracts/governance/Governor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {GovernorTimelockControl} from "@openzeppelin/contracts/governance/extensions/GovernorTimelockControl.sol";

import {DataTimelock} from "./DataTimelock.sol";
import {GovernorBallots} from "./GovernorBallots.sol";
import {ICommitteeBoard} from "./interfaces/ICommitteeBoard.sol";
import {IContributionRegistry} from "./interfaces/IContributionRegistry.sol";
import {IDataGovernor} from "./interfaces/IDataGovernor.sol";
import {IDataMarket} from "./interfaces/IDataMarket.sol";
import {IKeyCommittee} from "./interfaces/IKeyCommittee.sol";
import {IRevenueSplitter} from "./interfaces/IRevenueSplitter.sol";

/// @title The first word of what `IDataMarket.sale` answers
/// @dev The same function: what follows the word is not decoded.
interface ISaleState {
    function sale(bytes32 saleId) external view returns (IDataMarket.SaleState state);
}

/// @title The members' votes
/// @notice See IDataGovernor for the guards. What a vote can do at most is the list in the constructor, and nothing else.
/// @dev Not here: ballots and how they are counted (GovernorBallots).
contract DataGovernor is GovernorBallots {
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

    uint256 private constant SMALLEST_MINIMUM_ACTIVE = 3;
    /// @dev Votes may lengthen the voting windows up to this factor of what the collective began with, and never shorten them.
    uint256 private constant LONGEST_FACTOR = 4;

    uint256 public immutable override minimumActive;
    uint256 private immutable _shortestDelay;
    uint256 private immutable _shortestPeriod;
    address private immutable _market;

    string private _collectiveName;
    string private _daoURI;
    uint48 private _votingDelay;
    uint32 private _votingPeriod;
    mapping(address target => mapping(bytes4 selector => bool)) private _allowed;

    constructor(Settings memory s)
        Governor("unwrapped-dao governor")
        GovernorTimelockControl(TimelockController(payable(s.timelock)))
        GovernorBallots(s.membership, s.quorumPercent, s.quorumFloor)
    {
        _requireBounds(s.minimumActive, SMALLEST_MINIMUM_ACTIVE, type(uint64).max);
        _requireBounds(s.votingDelay, 1, 365 days);
        _requireBounds(s.votingPeriod, 1, 365 days);
        // The timelock keeps it; what is told here must be what is kept.
        uint256 kept = DataTimelock(payable(s.timelock)).minimumActive();
        _requireBounds(kept, s.minimumActive, s.minimumActive);
        _requireBounds(s.optOutWindow, 1, TimelockController(payable(s.timelock)).getMinDelay());
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

    // -------------------------------------------------------------------------------------------------------- settings

    /// @notice The collective's name. (The EIP-712 domain's is "unwrapped-dao governor".)
    function name() public view override returns (string memory) {
        return _collectiveName;
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
}
