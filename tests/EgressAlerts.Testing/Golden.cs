namespace EgressAlerts.Testing;

/// <summary>Files that hold what the product says, so that every change of it is seen in a review.</summary>
public static class Golden
{
    /// <summary>What a file of the checkout holds. With the environment variable <c>EGRESS_ALERTS_GOLDEN_TEXTS=write</c> it is written first.</summary>
    /// <param name="actual">What the file would hold if it were written now.</param>
    public static string Text(string actual, params string[] path)
    {
        var file = Repository.File(path);
        if (Environment.GetEnvironmentVariable("EGRESS_ALERTS_GOLDEN_TEXTS") == "write") File.WriteAllText(file, actual);
        return File.ReadAllText(file);
    }
}
