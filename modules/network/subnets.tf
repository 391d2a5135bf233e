# Only load balancers and NAT gateways live here. They bring their own public addresses, so that nothing else which is
# started here by mistake gets one.
resource "aws_subnet" "public" {
  for_each = var.zones

  vpc_id                  = aws_vpc.this.id
  availability_zone       = "${local._region}${each.key}"
  cidr_block              = each.value.public_cidr
  map_public_ip_on_launch = false

  tags = merge(var.tags, { Name = "${local._name}-public-${each.key}" })
}

resource "aws_subnet" "private" {
  for_each = var.zones

  vpc_id                  = aws_vpc.this.id
  availability_zone       = "${local._region}${each.key}"
  cidr_block              = each.value.private_cidr
  map_public_ip_on_launch = false

  tags = merge(var.tags, { Name = "${local._name}-private-${each.key}" })
}
