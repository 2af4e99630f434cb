namespace EgressAlerts.Common;

/// <summary>Tries whether a file that the configuration names can be used, when the configuration is loaded.</summary>
public static class UsableFile
{
    /// <summary>What is wrong, as the end of a sentence that begins with the key; null where nothing is.</summary>
    /// <param name="read">Reads the file. It throws an <see cref="InvalidDataException"/> that names the file and says what is wrong with it.</param>
    public static string? Fault(Action read)
    {
        try
        {
            read();
            return null;
        }
        // A name that no file can have is an ArgumentException.
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            return $"cannot be used: {e.Message}";
        }
    }
}
