// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {IContributionToken} from "./interfaces/IContributionToken.sol";
import {IDataMarket} from "./interfaces/IDataMarket.sol";
import {IKeyCommittee} from "./interfaces/IKeyCommittee.sol";
import {IMembershipToken} from "./interfaces/IMembershipToken.sol";
import {IRevenueSplitter} from "./interfaces/IRevenueSplitter.sol";

/// @title The only contract that holds money
/// @notice Who may do what is fixed at deployment: the market moves escrow, the timelock pays out the treasury and sets fees
/// and currencies for later offers, everybody may trigger a payment to whom it belongs.
///
/// Why nothing overflows. A price is below 2^96, so Δ = members·2^64 / eligible weight is below 2^160, and 2^48 sales of one
/// pool fit the 208 bits of an accumulator; their count has 48 bits as well. Weight is below 2^32, so a product is below
/// 2^240 and a member's total below 2^176. A currency's ledger is capped at 2^120 when money comes in, and its treasury is
/// a part of it. Credits and operators' earnings are whole words. `settle` and `refund` can thus not fail on arithmetic.
contract RevenueSplitter is IRevenueSplitter {
    using SafeERC20 for IERC20;

    /// @dev One slot. Claims are not taken off here: each would pay 5,000 gas for a shared slot (docs/adr/0030).
    struct Currency {
        uint120 ledgerBeforeClaims;
        uint120 treasury;
        bool allowed;
    }

    /// @dev One slot, non-zero from the offer to its end, then zero again.
    struct Escrow {
        address currency;
        uint96 amount;
    }

    /// @dev One slot, only for a sale that excluded somebody.
    /// @param list The market's number of the fixed list of whom.
    struct SaleWithExclusions {
        uint32 list;
        uint160 deltaX64;
    }

    /// @dev What one member was paid from one line. `word` is packed by hand, since a struct costs a claim a thousand gas more:
    /// what was paid in the low 176 bits, then 32 bits of the member's weight, then the cursor: how many of the line's `sales`
    /// are accounted for. Those among them that excluded this member are summed in `skippedX64`. The weight is no second ledger
    /// but a memo of the token's, taken with the first payment, when the pool is sealed and the weight final.
    struct Account {
        uint256 word;
        uint256 skippedX64;
    }

    /// @dev One (pool, currency). `accumulator`: Σ Δ in the low 208 bits; above it the number of `sales`, which are the settled
    /// ones that excluded anybody, in order of settlement.
    struct Revenue {
        uint256 accumulator;
        mapping(uint256 index => SaleWithExclusions) sales;
        mapping(uint256 number => Account) accounts;
    }

    struct Fees {
        uint16 treasuryBps;
        uint16 operatorsBps;
    }

    uint16 public constant MOST_TREASURY_BPS = 1000;
    uint16 public constant MOST_OPERATORS_BPS = 1000;
    uint256 private constant BPS = 10_000;
    uint256 private constant TOP = 208;
    uint256 private constant LOW_208 = type(uint208).max;
    uint256 private constant WEIGHT = 176;
    uint256 private constant LOW_176 = type(uint176).max;

    IDataMarket public immutable market;
    address public immutable timelock;
    IMembershipToken public immutable membership;
    IContributionToken public immutable contributionToken;
    IKeyCommittee public immutable committee;

    Fees private _fees;
    mapping(address currency => Currency) private _currencies;
    mapping(bytes32 saleId => Escrow) private _escrows;
    mapping(uint256 poolId => mapping(address currency => Revenue)) private _revenue;
    mapping(address account => mapping(address currency => uint256)) private _credits;
    mapping(uint32 generation => mapping(address currency => uint256)) private _operatorsEarned;
    mapping(uint32 generation => mapping(address currency => mapping(address operator => uint256))) private _operatorPaid;

    modifier only(address caller) {
        if (msg.sender != caller) revert SplitterCallerRefused(msg.sender);
        _;
    }

    constructor(
        address market_,
        address timelock_,
        address membership_,
        address contributionToken_,
        address committee_,
        uint16 treasuryBps,
        uint16 operatorsBps,
        address[] memory currencies
    ) {
        market = IDataMarket(market_);
        timelock = timelock_;
        membership = IMembershipToken(membership_);
        contributionToken = IContributionToken(contributionToken_);
        committee = IKeyCommittee(committee_);
        _setFees(treasuryBps, operatorsBps);
        for (uint256 i = 0; i < currencies.length; ++i) {
            _setCurrency(currencies[i], true);
        }
    }

    // ------------------------------------------------------------------ escrow: the market's

    /// @inheritdoc IRevenueSplitter
    function escrow(bytes32 saleId, address currency, address payer, uint96 amount) external payable only(address(market)) {
        Currency storage entry = _currencies[currency];
        if (!entry.allowed) revert CurrencyNotAllowed(currency);
        uint256 ledger = entry.ledgerBeforeClaims;
        uint256 received = msg.value;
        if (currency != address(0)) {
            if (received != 0) revert EscrowAmountWrong(received, 0);
            uint256 balance = IERC20(currency).balanceOf(address(this));
            IERC20(currency).safeTransferFrom(payer, address(this), amount);
            // What counts is how much more the balance grew than the ledger: a token that calls back into this contract
            // half-way cannot have one payment counted for two escrows.
            uint256 grown = IERC20(currency).balanceOf(address(this)) + ledger;
            ledger = entry.ledgerBeforeClaims;
            received = grown < balance + ledger ? 0 : grown - balance - ledger;
        }
        if (received != amount || amount == 0) revert EscrowAmountWrong(received, amount);
        if (_escrows[saleId].amount != 0) revert EscrowExists(saleId);
        ledger += amount;
        if (ledger > type(uint120).max) revert LedgerFull(currency);

        entry.ledgerBeforeClaims = uint120(ledger);
        _escrows[saleId] = Escrow(currency, amount);
        emit Escrowed(saleId, currency, amount);
    }

    /// @inheritdoc IRevenueSplitter
    function settle(
        bytes32 saleId,
        uint256 poolId,
        address currency,
        uint64 eligibleWeight,
        uint32 generation,
        uint16 treasuryBps,
        uint16 operatorsBps,
        uint32 list
    ) external only(address(market)) {
        uint256 price = _release(saleId, currency);
        uint256 treasury = (price * treasuryBps) / BPS;
        uint256 operators = (price * operatorsBps) / BPS;
        uint256 members = price - treasury - operators;

        if (treasury != 0) _currencies[currency].treasury += uint120(treasury);
        if (operators != 0) _operatorsEarned[generation][currency] += operators;

        Revenue storage revenue = _revenue[poolId][currency];
        uint256 deltaX64 = (members << 64) / eligibleWeight;
        uint256 accumulator = revenue.accumulator + deltaX64;
        if (list != 0) {
            // Below 2^160: a price is below 2^96.
            revenue.sales[accumulator >> TOP] = SaleWithExclusions(list, uint160(deltaX64));
            accumulator += 1 << TOP;
        }
        revenue.accumulator = accumulator;
        emit SaleRevenue(saleId, poolId, currency, members, treasury, operators);
    }

    /// @inheritdoc IRevenueSplitter
    function refund(bytes32 saleId, address currency, address buyer) external only(address(market)) {
        uint256 price = _release(saleId, currency);
        _credits[buyer][currency] += price;
        emit Refunded(saleId, buyer, currency, price);
    }

    /// @dev Never both, never twice: whoever ends an escrow first empties its slot.
    function _release(bytes32 saleId, address currency) private returns (uint256 amount) {
        Escrow memory slot = _escrows[saleId];
        amount = slot.amount;
        if (amount == 0 || slot.currency != currency) revert EscrowMissing(saleId);
        delete _escrows[saleId];
    }

    // ------------------------------------------------------------------ claims: the members'

    /// @inheritdoc IRevenueSplitter
    function claim(address member, Line[] calldata lines, uint256 maxSales) external returns (uint256[] memory amounts) {
        (uint256 number, address payout, bool everExcluded) = _claimant(member);
        uint256 unfinished = everExcluded ? _advance(member, number, lines, maxSales) : 0;

        amounts = _zeros(lines.length);
        uint256 sum = 0;
        address sumCurrency = address(0);
        bool mixed = false;
        for (uint256 i = 0; i < lines.length; ++i) {
            (uint256 poolId, address currency) = _line(lines, i);
            uint256 amount = _take(number, poolId, currency, everExcluded);
            if (amount == 0) continue;
            amounts[i] = amount;
            if (sum != 0 && currency != sumCurrency) mixed = true;
            sumCurrency = currency;
            // Below 2^176 each, in no more lines than calldata can hold.
            unchecked {
                sum += amount;
            }
            emit Claimed(member, poolId, currency, amount, payout);
        }
        // Payment is last of all: a payout wallet that calls back could opt out and have a sale settled that
        // `everExcluded` above does not know of.
        if (mixed) _payLines(lines, amounts, payout);
        else if (sum != 0) _pay(sumCurrency, payout, sum);
        else if (unfinished == 0) revert NothingToClaim(member);
        _answer(amounts);
    }

    /// @dev Go on reading, for one member, the sales of each line that excluded anybody. What was read is kept.
    /// @return unfinished How many lines were read a part of.
    function _advance(address member, uint256 number, Line[] calldata lines, uint256 maxSales)
        private
        returns (uint256 unfinished)
    {
        for (uint256 i = 0; i < lines.length; ++i) {
            (uint256 poolId, address currency) = _line(lines, i);
            Revenue storage revenue = _revenue[poolId][currency];
            Account storage account = revenue.accounts[number];
            uint256 sales = revenue.accumulator >> TOP;
            uint256 cursor = account.word >> TOP;
            (uint256 read, uint256 skippedX64) = _read(revenue, number, cursor, sales, maxSales);
            if (read == 0) continue;
            maxSales -= read;
            account.word += read << TOP;
            account.skippedX64 = skippedX64;
            emit ClaimAdvanced(member, poolId, currency, cursor + read, sales);
            if (cursor + read != sales) ++unfinished;
        }
    }

    /// @dev Why a member without the flag needs no reading, and its cursor may pass all sales: a sale can only exclude who withdrew
    /// or opted out before the sale's approval, and both set the flag there and then. So every sale settled before the flag did
    /// not exclude this member, and whatever does stands behind the cursor. Exclusions of an approved sale never change,
    /// so what the cursor has passed stays right.
    function _read(Revenue storage revenue, uint256 number, uint256 cursor, uint256 sales, uint256 maxSales)
        private
        view
        returns (uint256 read, uint256 skippedX64)
    {
        skippedX64 = revenue.accounts[number].skippedX64;
        for (; cursor + read < sales && read < maxSales; ++read) {
            SaleWithExclusions memory sale = revenue.sales[cursor + read];
            if (market.isListed(sale.list, uint32(number))) skippedX64 += sale.deltaX64;
        }
    }

    /// @dev What a line owes, written down as paid. Nothing while the member may have been excluded from a sale not yet read.
    function _take(uint256 number, uint256 poolId, address currency, bool everExcluded) private returns (uint256 amount) {
        Revenue storage revenue = _revenue[poolId][currency];
        uint256 accumulator = revenue.accumulator;
        if (accumulator == 0) return 0;
        Account storage account = revenue.accounts[number];
        uint256 word = account.word;
        uint256 skippedX64 = 0;
        if (everExcluded) {
            if (word >> TOP != accumulator >> TOP) return 0;
            skippedX64 = account.skippedX64;
        }
        uint256 weight;
        (amount, weight) = _dueDown(number, poolId, (accumulator & LOW_208) - skippedX64, word);
        if (amount == 0) return 0;
        // Below 2^176, as the head of this contract shows.
        unchecked {
            account.word = (accumulator & ~LOW_208) | (weight << WEIGHT) | ((word & LOW_176) + amount);
        }
    }

    /// @dev weight × sums of Δ, rounded down, less what was paid. Never negative: a sale adds Δ to `accX64` and, if it is
    /// skipped, the same Δ to `skippedX64`; so their difference never falls.
    function _dueDown(uint256 number, uint256 poolId, uint256 dueX64, uint256 word)
        private
        view
        returns (uint256 amount, uint256 weight)
    {
        weight = uint32(word >> WEIGHT);
        if (weight == 0) {
            (weight,,) = _ask(address(contributionToken), IContributionToken.weightOf.selector, number, poolId);
        }
        // 2^32 · 2^208 at most, and what was paid is never more than what is due.
        unchecked {
            amount = ((weight * dueX64) >> 64) - (word & LOW_176);
        }
    }

    /// @inheritdoc IRevenueSplitter
    function claimable(address member, uint256 poolId, address currency) external view returns (uint256 amount) {
        (uint256 number,, bool everExcluded) = _claimant(member);
        Revenue storage revenue = _revenue[poolId][currency];
        uint256 accumulator = revenue.accumulator;
        uint256 word = revenue.accounts[number].word;
        uint256 skippedX64 = 0;
        if (everExcluded) (, skippedX64) = _read(revenue, number, word >> TOP, accumulator >> TOP, type(uint256).max);
        (amount,) = _dueDown(number, poolId, (accumulator & LOW_208) - skippedX64, word);
    }

    /// @dev One transfer for neighbouring lines of the same currency.
    function _payLines(Line[] calldata lines, uint256[] memory amounts, address payout) private {
        uint256 sum = 0;
        for (uint256 i = 0; i < lines.length; ++i) {
            sum += amounts[i];
            if (sum == 0) continue;
            address currency = lines[i].currency;
            if (i + 1 < lines.length && lines[i + 1].currency == currency) continue;
            _pay(currency, payout, sum);
            sum = 0;
        }
    }

    // ------------------------------------------------------------------ credits: buyers', treasury's, operators'

    /// @inheritdoc IRevenueSplitter
    function payCredit(address account, address currency) external returns (uint256 amount) {
        amount = _credits[account][currency];
        if (amount == 0) revert NothingToPay(account, currency);
        delete _credits[account][currency];
        _leave(currency, amount);
        emit CreditPaid(account, currency, amount);
        _pay(currency, account, amount);
    }

    /// @inheritdoc IRevenueSplitter
    function payOperator(uint32 generation, address operator, address currency) external returns (uint256 amount) {
        address[] memory custodians = committee.custodiansOf(generation);
        uint256 index = 0;
        while (index < custodians.length && custodians[index] != operator) ++index;
        if (index == custodians.length) revert OperatorUnknown(generation, operator);

        amount = _operatorDue(generation, operator, currency, custodians.length);
        if (amount == 0) revert NothingToPay(operator, currency);
        _operatorPaid[generation][currency][operator] += amount;
        _leave(currency, amount);
        emit OperatorPaid(generation, operator, currency, amount);
        _pay(currency, operator, amount);
    }

    function _operatorDue(uint32 generation, address operator, address currency, uint256 operators)
        private
        view
        returns (uint256)
    {
        return _operatorsEarned[generation][currency] / operators - _operatorPaid[generation][currency][operator];
    }

    // ------------------------------------------------------------------ the timelock's

    /// @inheritdoc IRevenueSplitter
    function payTreasury(address to, address currency, uint256 amount) external only(timelock) {
        Currency storage entry = _currencies[currency];
        if (amount > entry.treasury) revert TreasuryTooSmall(currency, entry.treasury, amount);
        entry.treasury -= uint120(amount);
        _credits[to][currency] += amount;
        emit TreasuryPaid(to, currency, amount);
    }

    /// @inheritdoc IRevenueSplitter
    function setFees(uint16 treasuryBps, uint16 operatorsBps) external only(timelock) {
        _setFees(treasuryBps, operatorsBps);
    }

    /// @inheritdoc IRevenueSplitter
    function setCurrency(address currency, bool allowed) external only(timelock) {
        _setCurrency(currency, allowed);
    }

    function _setFees(uint16 treasuryBps, uint16 operatorsBps) private {
        if (treasuryBps > MOST_TREASURY_BPS) revert FeeTooHigh(treasuryBps, MOST_TREASURY_BPS);
        if (operatorsBps > MOST_OPERATORS_BPS) revert FeeTooHigh(operatorsBps, MOST_OPERATORS_BPS);
        _fees = Fees(treasuryBps, operatorsBps);
        emit FeesSet(treasuryBps, operatorsBps);
    }

    function _setCurrency(address currency, bool allowed) private {
        _currencies[currency].allowed = allowed;
        emit CurrencySet(currency, allowed);
    }

    // ------------------------------------------------------------------ money out

    function _leave(address currency, uint256 amount) private {
        Currency storage entry = _currencies[currency];
        entry.ledgerBeforeClaims = uint120(entry.ledgerBeforeClaims - amount);
    }

    /// @dev Last in every call. A payout that fails undoes that call and nothing else.
    function _pay(address currency, address to, uint256 amount) private {
        bool paid;
        if (currency == address(0)) {
            (paid,) = to.call{value: amount}("");
        } else {
            paid = _transfer(currency, to, amount);
        }
        if (!paid) revert PaymentFailed(to, amount);
    }

    /// @dev A view call to a contract of this collective, without the allocation and the range checks of the compiler: the
    /// called function's own return types bound the words. An argument too many is ignored by the callee.
    function _ask(address target, bytes4 selector, uint256 first, uint256 second)
        private
        view
        returns (uint256 word0, uint256 word1, uint256 word2)
    {
        assembly ("memory-safe") {
            let data := mload(0x40)
            mstore(data, selector)
            mstore(add(data, 4), first)
            mstore(add(data, 36), second)
            if iszero(staticcall(gas(), target, data, 68, data, 96)) {
                returndatacopy(data, 0, returndatasize())
                revert(data, returndatasize())
            }
            word0 := mload(data)
            word1 := mload(add(data, 32))
            word2 := mload(add(data, 64))
        }
    }

    function _claimant(address member) private view returns (uint256 number, address payout, bool everExcluded) {
        uint256 to;
        uint256 flag;
        (number, to, flag) =
            _ask(address(membership), IMembershipToken.claimant.selector, uint160(member), 0);
        return (number, address(uint160(to)), flag != 0);
    }

    /// @dev `lines[i]` for an `i` below the length, without checking that again. Bits above an address are cut off.
    function _line(Line[] calldata lines, uint256 i) private pure returns (uint256 poolId, address currency) {
        assembly ("memory-safe") {
            let line := add(lines.offset, shl(6, i))
            poolId := calldataload(line)
            currency := shr(96, shl(96, calldataload(add(line, 32))))
        }
    }

    /// @dev An array with a free word before it, for `_answer`.
    function _zeros(uint256 length) private pure returns (uint256[] memory zeros) {
        assembly ("memory-safe") {
            zeros := add(mload(0x40), 32)
            mstore(zeros, length)
            // Reading past the end of calldata gives zeros.
            calldatacopy(add(zeros, 32), calldatasize(), shl(5, length))
            mstore(0x40, add(add(zeros, 32), shl(5, length)))
        }
    }

    /// @dev End the call with an array from `_zeros`, which lies in memory as the ABI wants it but for the offset before it.
    function _answer(uint256[] memory array) private pure {
        assembly ("memory-safe") {
            mstore(sub(array, 32), 32)
            return(sub(array, 32), add(64, shl(5, mload(array))))
        }
    }

    /// @dev OpenZeppelin's `trySafeTransfer` without an allocation: success, and true or no answer from an address with code.
    function _transfer(address token, address to, uint256 amount) private returns (bool paid) {
        bytes4 selector = IERC20.transfer.selector;
        assembly ("memory-safe") {
            let data := mload(0x40)
            mstore(data, selector)
            mstore(add(data, 4), to)
            mstore(add(data, 36), amount)
            paid := call(gas(), token, 0, data, 68, 0, 32)
            switch returndatasize()
            case 0 { paid := and(paid, gt(extcodesize(token), 0)) }
            default { paid := and(paid, and(gt(returndatasize(), 31), eq(mload(0), 1))) }
        }
    }

    // ------------------------------------------------------------------ views

    /// @inheritdoc IRevenueSplitter
    function fees() external view returns (uint16 treasuryBps, uint16 operatorsBps) {
        Fees memory current = _fees;
        return (current.treasuryBps, current.operatorsBps);
    }

    /// @inheritdoc IRevenueSplitter
    function isCurrency(address currency) external view returns (bool) {
        return _currencies[currency].allowed;
    }

    /// @inheritdoc IRevenueSplitter
    function escrowOf(bytes32 saleId) external view returns (uint256) {
        return _escrows[saleId].amount;
    }

    /// @inheritdoc IRevenueSplitter
    function ledgerBeforeClaims(address currency) external view returns (uint256) {
        return _currencies[currency].ledgerBeforeClaims;
    }

    /// @inheritdoc IRevenueSplitter
    function claimed(uint256 poolId, address currency, uint32 from, uint32 to) external view returns (uint256 sum) {
        Revenue storage revenue = _revenue[poolId][currency];
        for (uint256 number = from; number < to; ++number) {
            sum += revenue.accounts[number].word & LOW_176;
        }
    }

    /// @inheritdoc IRevenueSplitter
    function treasuryOf(address currency) external view returns (uint256) {
        return _currencies[currency].treasury;
    }

    /// @inheritdoc IRevenueSplitter
    function creditOf(address account, address currency) external view returns (uint256) {
        return _credits[account][currency];
    }

    /// @inheritdoc IRevenueSplitter
    function operatorCreditOf(uint32 generation, address operator, address currency) external view returns (uint256) {
        address[] memory custodians = committee.custodiansOf(generation);
        for (uint256 i = 0; i < custodians.length; ++i) {
            if (custodians[i] == operator) return _operatorDue(generation, operator, currency, custodians.length);
        }
        return 0;
    }

    /// @inheritdoc IRevenueSplitter
    function accumulated(uint256 poolId, address currency)
        external
        view
        returns (uint256 accX64, uint256 salesWithExclusions)
    {
        uint256 accumulator = _revenue[poolId][currency].accumulator;
        return (accumulator & LOW_208, accumulator >> TOP);
    }
}
