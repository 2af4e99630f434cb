using EgressAlerts.Explain;

namespace EgressAlerts.Web;

/// <summary>What is asked, and the answer.</summary>
/// <param name="Answer">Null where nothing is asked yet.</param>
public sealed record ExplainModel(ExplainArguments Asked, Explanation? Answer);
