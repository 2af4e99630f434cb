namespace EgressAlerts.Model;

/// <summary>What a check came to. Immutable; any thread.</summary>
/// <param name="Message">What was seen, as a sentence without its full stop.</param>
/// <param name="Promql">A query that shows it; empty where none does.</param>
/// <param name="Remedy">The YAML or the command that mends it; empty where nothing is to be mended.</param>
public sealed record Check(string Section, string Code, CheckResult Result, string Message, string Promql, string Remedy);

/// <summary>How a check ended.</summary>
public enum CheckResult
{
    Ok,

    /// <summary>The service works, but it sees or tells less than it could.</summary>
    Warn,

    /// <summary>Something is broken, or a question had no answer.</summary>
    Fail,
}

/// <summary>A question that can be asked of a set-up. Its code is stable, because people select checks by it.</summary>
/// <param name="Asks">What is looked at, as part of a table in the documents.</param>
public sealed record CheckKind(string Section, string Code, string Asks)
{
    public Check Ok(string message, string promql = "") => new(Section, Code, CheckResult.Ok, message, promql, "");

    public Check Warn(string message, string remedy, string promql = "") => new(Section, Code, CheckResult.Warn, message, promql, remedy);

    public Check Fail(string message, string remedy, string promql = "") => new(Section, Code, CheckResult.Fail, message, promql, remedy);
}
