using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace EgressAlerts.Testing;

/// <summary>A real server as a child process, which ends by its process id. It keeps its output for the message of a failed test.</summary>
public sealed partial class ServerProcess : IDisposable
{
    private const int SigTerm = 15;
    private const int SigHup = 1;
    private const int SigStop = 19;
    private const int SigCont = 18;

    private static readonly HttpClient Http = new();

    /// <summary>The processes that run. They end with the tests, even where a test failed before it could end its own.</summary>
    private static readonly ConcurrentDictionary<int, Process> Running = new();

    private readonly Process _process;
    private readonly List<string> _output = [];

    static ServerProcess() => AppDomain.CurrentDomain.ProcessExit += (_, _) =>
    {
        foreach (var process in Running.Values) process.Kill();
    };

    /// <param name="environment">Variables for the process in addition to those of the tests.</param>
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

    /// <summary>Waits until the server answers a request there with success.</summary>
    /// <exception cref="TimeoutException">It did not answer within a minute. The message has all that it wrote.</exception>
    /// <exception cref="InvalidOperationException">It has ended. The message has the exit code and all that it wrote.</exception>
    public async Task UntilReadyAsync(Uri probe)
    {
        try
        {
            await UntilAsync(() => IsReadyAsync(probe), 60, $"{Command} answers {probe}");
        }
        catch
        {
            await KillAsync(); // It would slow down all other tests until the last one ends.
            throw;
        }
    }

    /// <summary>Waits until the process has written a text.</summary>
    /// <exception cref="TimeoutException">It did not write the text within <paramref name="seconds"/>. The message has all that it wrote.</exception>
    /// <exception cref="InvalidOperationException">It ended without writing the text. The message has the exit code and all that it wrote.</exception>
    public Task UntilWrittenAsync(string text, double seconds = 60) => UntilAsync(
        () => Task.FromResult(Output.Contains(text, StringComparison.Ordinal) || (HasExited ? throw Ended() : false)),
        seconds,
        $"{Command} writes '{text}'");

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

    /// <summary>Whether the server answers a request there with success.</summary>
    /// <exception cref="InvalidOperationException">The process has ended. The message has the exit code and all that it wrote.</exception>
    public async Task<bool> IsReadyAsync(Uri probe)
    {
        if (HasExited) throw Ended();
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

    /// <summary>Makes it a black hole: the kernel still takes connections, and nobody answers.</summary>
    public void Freeze() => _ = Kill(_process.Id, SigStop);

    public void Thaw() => _ = Kill(_process.Id, SigCont);

    public void HangUp() => _ = Kill(_process.Id, SigHup);

    public void Dispose()
    {
        Running.TryRemove(_process.Id, out _);
        if (!_process.HasExited) _process.Kill();
        _process.Dispose();
    }

    private async Task UntilAsync(Func<Task<bool>> look, double seconds, string what)
    {
        try
        {
            await Deadline.UntilAsync(look, seconds, what);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message}\nIts output:\n{Output}", e);
        }
    }

    private string Command => string.Join(' ', [_process.StartInfo.FileName, .. _process.StartInfo.ArgumentList]);

    private InvalidOperationException Ended() => new($"{Command}\nended with {_process.ExitCode}. Its output:\n{Output}");

    private void Keep(string? line)
    {
        if (line is null) return;
        lock (_output) _output.Add(line);
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Kill(int process, int signal);
}
