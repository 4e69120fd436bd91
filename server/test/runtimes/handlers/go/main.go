// Speaks the runtime API with nothing but the standard library, as SDKs do: each call in a goroutine of its own.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
)

var base = "http://" + os.Getenv("FC_RUNTIME_API") + "/2020-11-11/runtime/invocation/"
var initialized = 0

func main() {
	fmt.Fprintln(os.Stderr, "booting")
	for {
		call, err := http.Get(base + "next")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		event, _ := io.ReadAll(call.Body)
		call.Body.Close()
		go serve(call.Header, event)
	}
}

func serve(header http.Header, event []byte) {
	requestID := header.Get("x-fc-request-id")
	if header.Get("x-fc-function-type") == "1" {
		initialized++
		post(requestID, "response", nil, "")
		return
	}
	if params := header.Get("x-fc-http-params"); params != "" {
		serveHTTP(requestID, params, event)
		return
	}
	switch string(event) {
	case "error":
		post(requestID, "error", []byte(`{"errorMessage":"no such order","errorType":"OrderRefused"}`), "")
	case "exit":
		fmt.Println("leaving")
		os.Exit(7)
	case "print":
		fmt.Println("printed")
		post(requestID, "response", []byte("null"), "")
	case "initialized":
		post(requestID, "response", []byte(fmt.Sprint(initialized)), "")
	case "context":
		context, _ := json.Marshal(map[string]string{
			"requestId": requestID, "function": header.Get("x-fc-function-name"), "key": header.Get("x-fc-access-key-id")})
		post(requestID, "response", context, "")
	default:
		post(requestID, "response", answer(event), "")
	}
}

// An HTTP request of 3.0 is answered as one; any other event as it is.
func answer(event []byte) []byte {
	var request struct {
		Version string `json:"version"`
		Body    string `json:"body"`
	}
	if json.Unmarshal(event, &request) != nil || request.Version != "v1" {
		return event
	}
	response, _ := json.Marshal(map[string]any{
		"statusCode": 201, "headers": map[string]string{"X-Name": "a"}, "body": "hello " + request.Body})
	return response
}

func serveHTTP(requestID, params string, body []byte) {
	text, _ := base64.StdEncoding.DecodeString(params)
	var request struct {
		Path string `json:"path"`
	}
	json.Unmarshal(text, &request)
	response, _ := json.Marshal(map[string]any{"status": 201, "headersMap": map[string][]string{"X-Name": {"a"}}})
	post(requestID, "response", []byte("hello "+request.Path+" "+string(body)), base64.StdEncoding.EncodeToString(response))
}

func post(requestID, kind string, body []byte, params string) {
	request, _ := http.NewRequest("POST", base+requestID+"/"+kind, bytes.NewReader(body))
	if params != "" {
		request.Header.Set("x-fc-http-params", params)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil || answer.StatusCode != 200 {
		fmt.Fprintln(os.Stderr, "refused", err, answer)
		os.Exit(1)
	}
	io.Copy(io.Discard, answer.Body)
	answer.Body.Close()
}
