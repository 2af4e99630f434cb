namespace EgressAlerts.Registry;

/// <summary>The files that a path stands for, whose last part may have a <c>*</c>.</summary>
internal static class ResourcePath
{
    /// <summary>Further files of one path are not read.</summary>
    public const int Most = 1_000;

    /// <summary>In the order of their names. A path without a <c>*</c> is itself, whether there is such a file or not.</summary>
    public static IReadOnlyList<string> Files(string path)
    {
        if (!Path.GetFileName(path).Contains('*', StringComparison.Ordinal)) return [path];
        var folder = Path.GetDirectoryName(path) is { Length: > 0 } named ? named : ".";
        try
        {
            return [.. Directory.EnumerateFiles(folder, Path.GetFileName(path)).Order(StringComparer.Ordinal).Take(Most)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
