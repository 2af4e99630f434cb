namespace EgressAlerts.Files;

/// <summary>Tells whether a file was written or replaced since; links are followed, because Kubernetes replaces what they point at.</summary>
public readonly record struct FileStamp(string Target, DateTime Written, long Length)
{
    /// <summary>The default value where there is no such file.</summary>
    public static FileStamp Of(string path)
    {
        try
        {
            var file = new FileInfo(path);
            var target = file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? file;
            return target.Exists ? new(target.FullName, target.LastWriteTimeUtc, target.Length) : default;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return default;
        }
    }
}
