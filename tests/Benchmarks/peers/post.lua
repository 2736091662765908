wrk.method = "POST"
wrk.body = "[5,6]"
wrk.headers["Content-Type"] = "application/json"
