using EgressAlerts.Common;
using Microsoft.Extensions.Logging;

namespace EgressAlerts.Naming;

/// <summary>The file of the Public Suffix List. It is read again when it changes. Only the pass may refresh it.</summary>
/// <param name="logger">Told when the file cannot be used. The built-in rules then hold until it has changed.</param>
/// <exception cref="InvalidDataException">There is no logger, and the file is no such list. The message says why.</exception>
internal sealed class SuffixSource(string path, ILogger? logger = null)
{
    private const int MaxBytes = 16 << 20;

    private readonly WatchedFile<PublicSuffixes> _file = new(path, PublicSuffixes.Read, MaxBytes, PublicSuffixes.None, logger);

    public PublicSuffixes Suffixes => _file.Content;

    public FileStatus Status => _file.Status;

    public void Refresh(ILogger logger) => _file.Refresh(logger);
}
