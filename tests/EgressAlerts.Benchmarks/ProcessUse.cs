using System.Globalization;

namespace EgressAlerts.Benchmarks;

/// <summary>What a process has used, as Linux keeps it.</summary>
/// <param name="Peak">The most memory that it had at once, in bytes.</param>
/// <param name="Cpu">In seconds.</param>
internal readonly record struct ProcessUse(double Peak, double Cpu)
{
    /// <summary>Linux counts in ticks of 10 ms (proc_pid_stat(5)).</summary>
    private const double Ticks = 100;

    public double PeakMiB => Peak / (1 << 20);

    /// <summary>Null once the process has ended.</summary>
    public static ProcessUse? Of(int process)
    {
        try
        {
            var line = File.ReadLines($"/proc/{process}/status").FirstOrDefault(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
            var ticks = File.ReadAllText($"/proc/{process}/stat").Split(") ")[^1].Split(' ')[11..13];
            return line is null ? null : new(
                double.Parse(line.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024,
                ticks.Sum(count => double.Parse(count, CultureInfo.InvariantCulture)) / Ticks);
        }
        catch (IOException)
        {
            return null; // It has just ended.
        }
    }

    /// <summary>Begins a new high-water mark of memory (proc_pid_clear_refs(5)).</summary>
    public static void ForgetPeak(int process) => File.WriteAllText($"/proc/{process}/clear_refs", "5");
}
