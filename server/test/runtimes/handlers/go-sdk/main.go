// The same function as ../go, by the SDK of Function Compute.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"

	"github.com/aliyun/fc-runtime-go-sdk/fc"
	"github.com/aliyun/fc-runtime-go-sdk/fccontext"
)

var initialized = 0

func main() {
	fmt.Fprintln(os.Stderr, "booting")
	fc.RegisterInitializerFunction(func(ctx context.Context) { initialized++ })
	if os.Getenv("MODE") == "http" {
		fc.StartHttp(serveHTTP)
	} else {
		fc.Start(serve)
	}
}

type OrderRefused struct{ error }

// The SDK answers with JSON: what is JSON already must say so.
func serve(ctx context.Context, event []byte) (json.RawMessage, error) {
	switch string(event) {
	case "error":
		return nil, OrderRefused{errors.New("no such order")}
	case "panic":
		panic("out of orders")
	case "exit":
		fmt.Println("leaving")
		os.Exit(7)
	case "print":
		fmt.Println("printed")
		return json.RawMessage("null"), nil
	case "initialized":
		return json.RawMessage(fmt.Sprint(initialized)), nil
	case "context":
		known, _ := fccontext.FromContext(ctx)
		return json.Marshal(map[string]string{
			"requestId": known.RequestID, "function": known.Function.Name, "key": known.Credentials.AccessKeyId})
	}
	var request struct {
		Version string `json:"version"`
		Body    string `json:"body"`
	}
	if json.Unmarshal(event, &request) != nil || request.Version != "v1" {
		return event, nil
	}
	return json.Marshal(map[string]any{
		"statusCode": 201, "headers": map[string]string{"X-Name": "a"}, "body": "hello " + request.Body})
}

func serveHTTP(ctx context.Context, response http.ResponseWriter, request *http.Request) error {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return err
	}
	response.Header().Set("X-Name", "a")
	response.WriteHeader(http.StatusCreated)
	_, err = response.Write([]byte("hello " + request.URL.Path + " " + string(body)))
	return err
}
