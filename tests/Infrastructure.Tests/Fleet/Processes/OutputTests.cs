using System.Text;
using FaaS.Infrastructure.Fleet.Processes;
using FaaS.Tests.Shared;

namespace FaaS.Infrastructure.Tests.Fleet.Processes;

/// <summary>What workers print: cut into lines, and queued so that nobody waits for anybody.</summary>
public sealed class OutputTests
{
    [Theory]
    [InlineData("one\ntwo\n", "one", "two")]
    [InlineData("one\r\n\r\n\ntwo", "one", "two")]
    [InlineData("", new string[0])]
    [InlineData("äöü €\n", "äöü €")]
    public void Read_OfLines_GivesThem(string text, params string[] expected)
    {
        Lines(new MemoryStream(Encoding.UTF8.GetBytes(text))).Should().Equal(expected);
        Lines(new Drips(Encoding.UTF8.GetBytes(text))).Should().Equal(expected);
    }

    [Theory]
    [InlineData(-1, false)]
    [InlineData(0, false)]
    [InlineData(1, true)]
    [InlineData(100_000, true)]
    public void Read_OfALongLine_KeepsItsHeadAndTheNextLine(int more, bool isCut)
    {
        var text = $"{new string('x', LineCutter.LineBytesMax + more)}\nnext\n";

        var lines = Lines(new MemoryStream(Encoding.UTF8.GetBytes(text)));

        lines.Should().HaveCount(2);
        lines[0].Should().Be(new string('x', LineCutter.LineBytesMax + Math.Min(more, 0)) + (isCut ? LineCutter.Cut : ""));
        lines[1].Should().Be("next");
    }

    [Fact]
    public void Read_OfWhatIsNoText_GivesReplacementCharacters() =>
        Lines(new MemoryStream([0xff, 0xfe, (byte)'\n'])).Should().Equal("\ufffd\ufffd");

    [Fact]
    public async Task Queue_WhileItsConsoleStandsStill_TakesABoundedNumberOfEachAndCountsTheRest()
    {
        const int TooMany = 5 * OutputQueue.LinesMax;
        using var moves = new ManualResetEventSlim();
        using var stands = new ManualResetEventSlim();
        var written = new List<(string Worker, string Line)>();
        var queue = new OutputQueue((worker, line) =>
        {
            stands.Set();
            moves.Wait();
            lock (written) written.Add((worker, line));
        });
        var (loud, quiet) = (queue.Open("loud"), queue.Open("quiet"));

        loud.Add("0");
        stands.Wait();
        for (var line = 1; line < TooMany; line++) loud.Add($"{line}");
        quiet.Add("here");
        moves.Set();
        await Eventually.HoldsAsync(() => { lock (written) return written.Contains(("quiet", "here")); });
        loud.Add("last");
        loud.Close();
        queue.Dispose();

        var ofLoud = written.Where(line => line.Worker == "loud").Select(line => line.Line).ToList();
        ofLoud.Where(line => int.TryParse(line, out _)).Should().Equal(
            Enumerable.Range(0, OutputQueue.LinesMax).Select(line => $"{line}"));
        ofLoud.Should().Contain("last").And.ContainSingle(
            line => line.Contains($"{TooMany - OutputQueue.LinesMax} lines", StringComparison.Ordinal));
    }

    [Fact]
    public void Queue_WhenItIsOver_TakesNothingAndSaysNothing()
    {
        var queue = new OutputQueue((_, _) => { });
        var source = queue.Open("late");
        queue.Dispose();
        queue.Dispose();

        var add = () => source.Add("line");

        add.Should().NotThrow();
    }

    private static List<string> Lines(Stream stream)
    {
        var lines = new List<string>();
        LineCutter.Read(stream, lines.Add);
        return lines;
    }

    /// <summary>A pipe that gives one byte at a time.</summary>
    private sealed class Drips(byte[] bytes) : MemoryStream(bytes)
    {
        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(1, buffer.Length)]);
    }
}
