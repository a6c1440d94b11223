// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IContributionToken} from "./interfaces/IContributionToken.sol";
import {IMembershipToken} from "./interfaces/IMembershipToken.sol";
import {IRevenueSplitter} from "./interfaces/IRevenueSplitter.sol";
import {SplitterLedger} from "./SplitterLedger.sol";

/// @title What members earned of each pool in each currency, and its payment
/// @notice One accumulator for each (pool, currency); the sales that excluded somebody are listed beside it, so that a claim
/// costs the same however many sales there were, and goes on where it stopped for who was ever excluded.
abstract contract SplitterClaims is SplitterLedger {
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

    uint256 private constant TOP = 208;
    uint256 private constant LOW_208 = type(uint208).max;
    uint256 private constant WEIGHT = 176;
    uint256 private constant LOW_176 = type(uint176).max;

    mapping(uint256 poolId => mapping(address currency => Revenue)) private _revenue;

    /// @dev The members' part of a settled sale. `list`: the market's number of the list of whom it excluded, or 0.
    function _addRevenue(uint256 poolId, address currency, uint256 members, uint64 eligibleWeight, uint32 list) internal {
        Revenue storage revenue = _revenue[poolId][currency];
        uint256 deltaX64 = (members << 64) / eligibleWeight;
        uint256 accumulator = revenue.accumulator + deltaX64;
        if (list != 0) {
            // Below 2^160: a price is below 2^96.
            revenue.sales[accumulator >> TOP] = SaleWithExclusions(list, uint160(deltaX64));
            accumulator += 1 << TOP;
        }
        revenue.accumulator = accumulator;
    }

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
    /// @return unfinished How many lines have sales left to read; 0 if none was read, so that a call that does nothing is refused.
    function _advance(address member, uint256 number, Line[] calldata lines, uint256 maxSales)
        private
        returns (uint256 unfinished)
    {
        uint256 most = maxSales;
        for (uint256 i = 0; i < lines.length; ++i) {
            (uint256 poolId, address currency) = _line(lines, i);
            Revenue storage revenue = _revenue[poolId][currency];
            Account storage account = revenue.accounts[number];
            uint256 sales = revenue.accumulator >> TOP;
            uint256 cursor = account.word >> TOP;
            (uint256 read, uint256 skippedX64) = _read(revenue, number, cursor, sales, maxSales);
            if (cursor + read != sales) ++unfinished;
            if (read == 0) continue;
            maxSales -= read;
            account.word += read << TOP;
            account.skippedX64 = skippedX64;
            emit ClaimAdvanced(member, poolId, currency, cursor + read, sales);
        }
        if (maxSales == most) return 0;
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

    // ------------------------------------------------------------------ helpers

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

    // ------------------------------------------------------------------ reading

    /// @inheritdoc IRevenueSplitter
    function claimed(uint256 poolId, address currency, uint32 from, uint32 to) external view returns (uint256 sum) {
        Revenue storage revenue = _revenue[poolId][currency];
        for (uint256 number = from; number < to; ++number) {
            sum += revenue.accounts[number].word & LOW_176;
        }
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
