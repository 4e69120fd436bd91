def handler(event, context):
    return 'dotted'
