namespace EgressAlerts.Common;

/// <summary>Tells whether a file was written, replaced or made readable since. Links are followed, because Kubernetes replaces what they point at.</summary>
public readonly record struct FileStamp(string Target, DateTimeOffset Written, long Length, UnixFileMode Mode)
{
    /// <summary>Null where there is no such file, or where it cannot be looked at.</summary>
    public static FileStamp? Of(string path)
    {
        try
        {
            var file = new FileInfo(path);
            var target = file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? file;
            return target.Exists ? new FileStamp(target.FullName, target.LastWriteTimeUtc, target.Length, target.UnixFileMode) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }
}
