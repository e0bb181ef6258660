using Talreg.Contracts.Calls;
using Talreg.Contracts.Policies;

namespace Talreg.Policy.Validation;

/// <summary>Checks a rule's verdict and its terms.</summary>
internal static class TermChecks
{
    public static void Check(PolicyRule rule, string name, PolicyFaults faults)
    {
        faults.Unless(Enum.IsDefined(rule.Digits), name, "digits", $"store, mask or suppress.");
        faults.Unless(Enum.IsDefined(rule.Verdict), name, "verdict", $"record, never, onDemand or pending.");
        faults.Unless(
            rule.RetentionDays is >= 1 and <= PolicyValidator.MaxRetentionDays, name, "retentionDays",
            $"1 to {PolicyValidator.MaxRetentionDays}.");
        faults.Unless(
            rule.ExtendableToDays == 0
                || (rule.ExtendableToDays > rule.RetentionDays
                    && rule.ExtendableToDays <= PolicyValidator.MaxRetentionDays),
            name, "extendableToDays", $"more than retentionDays, at most {PolicyValidator.MaxRetentionDays}.");

        // A call that is recorded from its first packet, or never, has nothing that a pre-buffer could add.
        CheckSeconds(
            rule.PreBufferSeconds, PolicyValidator.MaxPreBufferSeconds,
            rule.Verdict is VerdictKind.OnDemand or VerdictKind.Pending,
            name, "preBufferSeconds", "onDemand and pending", faults);
        CheckSeconds(
            rule.PendingSeconds, PolicyValidator.MaxPendingSeconds, rule.Verdict == VerdictKind.Pending,
            name, "pendingSeconds", "pending", faults);
        faults.Unless(
            !string.IsNullOrWhiteSpace(rule.Purpose) && rule.Purpose.Length <= PolicyValidator.MaxPurposeLength,
            name, "purpose", $"1 to {PolicyValidator.MaxPurposeLength} characters.");
        faults.Unless(
            rule.LegalBasis is not { } basis || Enum.IsDefined(basis), name, "legalBasis",
            $"consent, contract, legalObligation, vitalInterests, publicTask or legitimateInterests.");
        faults.Unless(Enum.IsDefined(rule.Notice), name, "notice", $"none, announcement or beep.");
        faults.Unless(
            rule.Listeners is null
                || (rule.Listeners.Count is > 0 and <= PolicyValidator.MaxListeners
                    && rule.Listeners.All(static listener =>
                        listener is { Length: > 0 and <= PolicyValidator.MaxFieldNameLength })),
            name, "listeners",
            $"1 to {PolicyValidator.MaxListeners} names of at most {PolicyValidator.MaxFieldNameLength} characters.");
        CheckDuty(rule, name, faults);
    }

    private static void CheckDuty(PolicyRule rule, string name, PolicyFaults faults)
    {
        faults.Unless(
            rule.Duty switch
            {
                PolicyDuty.None => true,
                PolicyDuty.MustRecord => rule.Verdict == VerdictKind.Record,
                PolicyDuty.MustNotRecord => rule.Verdict == VerdictKind.Never,
                _ => false,
            },
            name, "duty", $"none, mustRecord with the verdict record, or mustNotRecord with the verdict never.");
        var highest = rule.Duty == PolicyDuty.None ? 0 : PolicyValidator.MaxRank;
        faults.Unless(
            rule.Rank >= 0 && rule.Rank <= highest, name, "rank",
            $"0 to {PolicyValidator.MaxRank}, and only of a rule with a duty.");
    }

    private static void CheckSeconds(
        int held, int most, bool allowed, string name, string member, string verdicts, PolicyFaults faults) =>
        faults.Unless(
            held >= 0 && held <= (allowed ? most : 0), name, member, $"0 to {most}, and only of {verdicts}.");
}
