using System.Net;
using System.Net.Sockets;
using System.Text;

namespace FaaS.Hosts.Tests;

/// <summary>Bad input gets a clear error and loses nothing.</summary>
[Collection(SharedDeploymentTests.Name)]
public sealed class RefusalTests(SharedDeployment shared)
{
    private readonly FaasClient _client = shared.Client;
    private readonly string _user = shared.NewUser();

    [Theory]
    [InlineData("GET", "/nothing/here", 404, "route_not_found")]
    [InlineData("PUT", "/u/someone", 405, "method_not_allowed")]
    [InlineData("GET", "/u/nobody/time", 404, "user_not_found")]
    [InlineData("GET", "/u/nobody/fn", 404, "user_not_found")]
    [InlineData("GET", "/u/nobody/fn/f", 404, "user_not_found")]
    [InlineData("POST", "/u/nobody/fn/f/run", 404, "user_not_found")]
    [InlineData("POST", "/u/nobody/fn/f", 404, "user_not_found")]
    [InlineData("POST", "/u/-bad", 400, "invalid_name")]
    [InlineData("POST", "/u/a%2Fb", 400, "invalid_name")]
    [InlineData("POST", "/u/a%25b", 400, "invalid_name")]
    [InlineData("POST", "/u/a%20b", 400, "invalid_name")]
    [InlineData("GET", "/u/a/fn/x%2Fy", 400, "invalid_name")]
    [InlineData("GET", "/j/123", 400, "invalid_name")]
    [InlineData("GET", "/j/ABCDEFABCDEFABCDEFABCDEF", 400, "invalid_name")]
    [InlineData("GET", "/j/000000000000000000000000", 404, "job_not_found")]
    [InlineData("GET", "/j/000000000000000000000000/info", 404, "job_not_found")]
    [InlineData("GET", "/j/000000000000000000000000/logs", 404, "job_not_found")]
    [InlineData("GET", "/j/000000000000000000000000/res?wait=5s", 404, "job_not_found")]
    [InlineData("GET", "/j/000000000000000000000000/res?wait=soon", 400, "bad_request")]
    [InlineData("GET", "/autoscaler/decisions?limit=1001", 400, "bad_request")]
    [InlineData("POST", "/autoscaler/decisions", 405, "method_not_allowed")]
    public async Task Request_ThatCannotBe_IsRefusedInTheEnvelope(string method, string path, int status, string code)
    {
        var answer = await _client.SendAsync(new HttpMethod(method), path, null);

        ((int)answer.Status).Should().Be(status);
        answer.Error.Should().BeTrue();
        answer.Code.Should().Be(code);
        answer.Res.GetString().Should().NotBeNullOrWhiteSpace();
        answer.RequestId.Should().NotBeNullOrEmpty();
    }

    [Fact]
    public async Task Delete_OfWhatIsNotThere_IsZero()
    {
        (await _client.DeleteAsync("/u/nobody")).Res.GetInt32().Should().Be(0);
        (await _client.DeleteAsync("/u/nobody/fn/f")).Res.GetInt32().Should().Be(0);
        (await _client.DeleteAsync("/j/000000000000000000000000")).Res.GetInt32().Should().Be(0);
    }

    [Fact]
    public async Task RequestId_OfTheClient_ComesBack()
    {
        (await _client.PostAsync("/nowhere", "", ("X-Request-Id", "my-id_1.2"))).RequestId.Should().Be("my-id_1.2");
        (await _client.PostAsync("/nowhere", "", ("X-Request-Id", "not valid"))).RequestId.Should().NotBe("not valid");
    }

    [Theory]
    [InlineData("function (", 422)]
    [InlineData("", 422)]
    [InlineData("42", 422)]
    [InlineData("throw 1", 422)]
    public async Task Register_OfUnusableSource_IsRefused(string source, int status)
    {
        await _client.PostAsync($"/u/{_user}");

        var answer = await _client.PostAsync($"/u/{_user}/fn/f", source);

        ((int)answer.Status).Should().Be(status);
        answer.Code.Should().Be("invalid_source");
        (await _client.GetAsync($"/u/{_user}/fn/f")).Code.Should().Be("function_not_found");
    }

    [Fact]
    public async Task Register_OfASyntaxError_TellsLineAndColumn()
    {
        await _client.PostAsync($"/u/{_user}");

        var answer = await _client.PostAsync($"/u/{_user}/fn/f", "function f() {\n  return 1 +* 2;\n}");

        answer.Json.GetProperty("line").GetInt32().Should().Be(2);
        answer.Json.GetProperty("column").GetInt32().Should().BeInRange(12, 14);
    }

    [Fact]
    public async Task Register_OfNestedBracketsWithoutEnd_IsRefusedAndDisturbsNobody()
    {
        await _client.RegisterAsync(_user, "add", "(a, b) => a + b");

        var bomb = _client.PostAsync($"/u/{_user}/fn/bomb", new string('[', 256 * 1024));
        var neighbour = await _client.RunAsync(_user, "add", "[1,2]");

        neighbour.Json.GetProperty("result").GetString().Should().Be("3");
        (await bomb).Code.Should().Be("invalid_source");
    }

    [Theory]
    [InlineData("{}", "not an array")]
    [InlineData("[1,", "not JSON")]
    [InlineData("[1] 2", "not JSON")]
    [InlineData(" ", "nothing but white space")]
    public async Task Run_WithUnusableArguments_SaysWhy(string arguments, string why)
    {
        await _client.RegisterAsync(_user, "f", "() => 1");

        var answer = await _client.PostAsync($"/u/{_user}/fn/f/run", arguments);

        answer.Status.Should().Be(HttpStatusCode.BadRequest);
        answer.Code.Should().Be("invalid_arguments");
        answer.Res.GetString().Should().Contain(why);
    }

    [Theory]
    [InlineData(512, true)]
    [InlineData(513, false)]
    [InlineData(10_000, false)]
    public async Task Run_WithNestedArguments_TakesUpTo512Levels(int depth, bool taken)
    {
        await _client.RegisterAsync(_user, "f", "(x) => 'deep'");

        var answer = await _client.PostAsync(
            $"/u/{_user}/fn/f/run", new string('[', depth) + new string(']', depth));

        answer.Error.Should().Be(!taken);
        if (taken) (await _client.ResultAsync(answer.Res.GetString()!)).Should().Be("deep");
        else answer.Res.GetString().Should().Contain("512 levels");
    }

    [Fact]
    public async Task Bodies_OverTheirLimit_AreRefused()
    {
        await _client.RegisterAsync(_user, "f", "() => 1");
        var large = "[\"" + new string('x', 256 * 1024) + "\"]";

        (await _client.PostAsync($"/u/{_user}/fn/f/run", large)).Code.Should().Be("too_large");
        (await _client.PostAsync($"/u/{_user}/fn/g", "() => '" + new string('x', 256 * 1024) + "'")).Code
            .Should().Be("too_large");
    }

    [Fact]
    public async Task Body_ThatIsCutOff_HarmsNobody()
    {
        await _client.RegisterAsync(_user, "f", "() => 1");
        using (var socket = new Socket(SocketType.Stream, ProtocolType.Tcp))
        {
            await socket.ConnectAsync(IPAddress.Loopback, shared.Deployment.Url.Port);
            await socket.SendAsync(Encoding.ASCII.GetBytes(
                $"POST /u/{_user}/fn/f/run HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n[1,2"));
            socket.Shutdown(SocketShutdown.Send);
            // Either it is told, or the connection is closed, or reset.
            (await ReadAsync(socket)).Should().Match(text => text.Length == 0 || text.StartsWith("HTTP/1.1 400", StringComparison.Ordinal));
        }

        (await _client.RunAsync(_user, "f", "[]")).Json.GetProperty("result").GetString().Should().Be("1");
    }

    private static async Task<string> ReadAsync(Socket socket)
    {
        var answer = new byte[1024];
        try
        {
            var length = await socket.ReceiveAsync(answer).WaitAsync(TimeSpan.FromSeconds(10));
            return Encoding.ASCII.GetString(answer, 0, length);
        }
        catch (SocketException)
        {
            return "";
        }
    }
}
