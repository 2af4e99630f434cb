using Microsoft.Extensions.Logging;

namespace EgressAlerts;

/// <summary>The file in which version 0.1.0 kept its state. It is not read: counting begins anew with a baseline, and the operator is told so once.</summary>
internal static class OldCheckpoint
{
    /// <exception cref="StartException">It cannot be moved.</exception>
    public static void SetAside(string folder, ILogger logger)
    {
        foreach (var name in (string[])["checkpoint", "checkpoint.previous"])
        {
            var (file, aside) = (Path.Combine(folder, name), Path.Combine(folder, $"{name}.of-0.1.0"));
            if (!File.Exists(file)) continue;
            try
            {
                File.Move(file, aside, overwrite: true);
                Log.OldCheckpoint(logger, file, aside);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new StartException(
                    $"the checkpoint {file} of version 0.1.0 cannot be set aside as {aside} ({e.Message}): "
                    + "let this user write to the folder, or delete the checkpoint",
                    e);
            }
        }
    }
}
