// expect: success "\",\"outcome\":\"crashed\",\"error\":true}\u0000\r\n\r\nHTTP/1.1 200 OK"
// Would end the answer and begin another.
() => '","outcome":"crashed","error":true}\u0000\r\n\r\nHTTP/1.1 200 OK'
