using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace EgressAlerts.Testing;

/// <summary>A real server as a child process, ended by its process id. Its output is kept for the message of a failed test.</summary>
public sealed partial class ServerProcess : IDisposable
{
    private const int SigTerm = 15;
    private const int SigHup = 1;
    private const int SigStop = 19;
    private const int SigCont = 18;

    private static readonly HttpClient Http = new();

    /// <summary>Also what a test that failed while it was starting left behind ends with the tests.</summary>
    private static readonly ConcurrentDictionary<int, Process> Running = new();

    private readonly Process _process;
    private readonly List<string> _output = [];

    static ServerProcess() => AppDomain.CurrentDomain.ProcessExit += (_, _) =>
    {
        foreach (var process in Running.Values) process.Kill();
    };

    /// <param name="environment">Variables that the process gets beside those of the tests.</param>
    public ServerProcess(string file, IEnumerable<string> arguments, string workingFolder, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = workingFolder };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>()) start.Environment[name] = value;
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.Start();
        Running[_process.Id] = _process;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public int ExitCode => _process.ExitCode;

    public string Output
    {
        get
        {
            lock (_output) return string.Join('\n', _output);
        }
    }

    /// <summary>As <c>kill -9</c>.</summary>
    public async Task KillAsync()
    {
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>Asks the process to end and waits until it has.</summary>
    /// <exception cref="TimeoutException">It has not ended within 20 s.</exception>
    public async Task StopAsync()
    {
        if (!_process.HasExited) _ = Kill(_process.Id, SigTerm);
        await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(20));
    }

    /// <summary>Whether the server answers with success there; an error that holds its output where it has ended.</summary>
    /// <exception cref="InvalidOperationException">The process has ended.</exception>
    public async Task<bool> IsReadyAsync(Uri probe)
    {
        if (_process.HasExited) throw new InvalidOperationException($"{_process.StartInfo.FileName} ended with {_process.ExitCode}: {Output}");
        try
        {
            using var response = await Http.GetAsync(probe);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <summary>A black hole: connections are still taken, by the kernel, and nobody answers.</summary>
    public void Freeze() => _ = Kill(_process.Id, SigStop);

    public void Thaw() => _ = Kill(_process.Id, SigCont);

    public void HangUp() => _ = Kill(_process.Id, SigHup);

    public void Dispose()
    {
        Running.TryRemove(_process.Id, out _);
        if (!_process.HasExited) _process.Kill();
        _process.Dispose();
    }

    private void Keep(string? line)
    {
        if (line is null) return;
        lock (_output) _output.Add(line);
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Kill(int process, int signal);
}
